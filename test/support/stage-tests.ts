/** Answers for what a method in stages must do on every engine: what it does in one piece, and no more than is left to do. */
import { expect, it, vi } from 'vitest';
import { compile } from '../../compiler/index.ts';
import type { Program } from '../../compiler/ir/program.ts';
import { openStaged } from '../../runtime/session/staged.ts';
import type { Feeds, Session } from '../../runtime/session/session.ts';
import type { OpenSession } from './session-tests.ts';
import {
  drawFeeds,
  drawVariables,
  expectAgree,
  instanceStyles,
  tableSpec,
  type TableCase,
} from './table-tests.ts';
import { cpu } from '../../runtime/engine/target.ts';

const cases: readonly TableCase[] = [
  { name: 'a style', generator: 'SpadeGenerator(width: 2, norm: spade(hidden: 3), z: noise(4))', batch: 1 },
  { name: 'the map alone', batch: 1 },
  {
    name: 'a style and edges',
    generator: 'SpadeGenerator(width: 2, norm: spade(hidden: 3), z: noise(4))',
    instances: true,
  },
  { name: 'styles of instances', ...instanceStyles },
];

const maps = ['labels', 'labels.edges', 'labels.instances'];

/** Tests stages on an engine, with tables and without. */
export function testStagesOn(open: OpenSession): void {
  const both = cases.flatMap((one) =>
    [true, false].map((inTables) => [`${one.name}${inTables ? ', in tables' : ''}`, one, inTables] as const),
  );
  it.each(both)('paints as in one piece: %s', (_name, one, inTables) => {
    const { whole, staged, feeds } = prepare(open, one, inTables);
    const other = withStyle(feeds, 0.5);
    const painted = [
      feeds,
      other,
      { ...feeds, labels: feeds['labels']!.map((id) => (id === 0 ? 1 : id)) },
    ].map((fed): [Float32Array, Float32Array] => [paint(whole, fed), paint(staged, fed)]);
    whole.setVariables(new Map([['G.conv_img.bias', Float32Array.of(0.3, -0.2, 0.1)]]));
    staged.setVariables(new Map([['G.conv_img.bias', Float32Array.of(0.3, -0.2, 0.1)]]));
    painted.push([paint(whole, feeds), paint(staged, feeds)]);
    painted.forEach(([expected, found], index) =>
      expectAgree(new Map([[`call ${index}`, found]]), new Map([[`call ${index}`, expected]]), 1e-4),
    );
    whole.dispose();
    staged.dispose();
  });

  it('does again only what changed', () => {
    const runs: string[] = [];
    const spied: OpenSession = (program) => {
      const session = open(program);
      const run = session.run.bind(session);
      vi.spyOn(session, 'run').mockImplementation((method, ...rest) => {
        runs.push(method);
        return run(method, ...rest);
      });
      return session;
    };
    const { whole, staged, feeds } = prepare(spied, cases[0]!, true);
    const runsOf = (use: () => void): string[] => {
      runs.length = 0;
      use();
      return [...runs];
    };
    expect(runsOf(() => paint(staged, feeds))).toEqual([
      'synthesize/weights',
      'synthesize/map',
      'synthesize',
    ]);
    expect(runsOf(() => paint(staged, withStyle(feeds, 0.5)))).toEqual(['synthesize']);
    const elsewhere = { ...feeds, labels: feeds['labels']!.map(() => 2) };
    expect(runsOf(() => paint(staged, elsewhere))).toEqual(['synthesize/map', 'synthesize']);
    staged.setVariables(new Map());
    expect(runsOf(() => paint(staged, elsewhere))).toEqual([
      'synthesize/weights',
      'synthesize/map',
      'synthesize',
    ]);
    whole.dispose();
    staged.dispose();
  });
}

function prepare(
  open: OpenSession,
  one: TableCase,
  inTables: boolean,
): { whole: Session; staged: Session; feeds: Feeds } {
  const spec = tableSpec(one);
  const program: Program = compile(spec, {
    target: cpu,
    batch: one.batch ?? 2,
    methods: ['synthesize'],
    ...(inTables && { tables: () => true }),
  });
  const whole = open(program);
  const staged = openStaged(program, 'synthesize', maps, open);
  for (const session of [whole, staged]) session.setVariables(drawVariables(program));
  return { whole, staged, feeds: drawFeeds(spec, program, program.methods[0]!, 'two regions') };
}

const paint = (session: Session, feeds: Feeds): Float32Array =>
  session.run('synthesize', feeds).get('picture')!;

/** The same feeds with other noise. */
function withStyle(feeds: Feeds, factor: number): Feeds {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, values]) => [
      name,
      maps.includes(name) ? values : Float32Array.from(values, (value) => factor * value),
    ]),
  );
}
