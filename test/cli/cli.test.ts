/** Tests the commands that need no engine: what they print, and what they exit with. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inputsOf } from '../../compiler/ir/program.ts';
import { parseMethods } from '../../compiler/ops/parse.ts';
import { tinySpec } from '../support/tiny-experiment.ts';
import { runCli } from './run-cli.ts';
import { runHere } from './run-here.ts';

let folder: string;
const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return name;
};
const run = (...words: string[]) => runHere(words, folder);
const runProcess = (...words: string[]) => runCli(words, { folder });

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'spadework-cli-'));
  write('tiny.spade', tinySpec());
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('output', () => {
  const command = fileURLToPath(new URL('../../cli/spadework.js', import.meta.url));
  const into = (words: string, redirection: string) =>
    spawnSync('sh', ['-c', `"${process.execPath}" "${command}" ${words} ${redirection}`], {
      cwd: folder,
      encoding: 'utf8',
    });

  it('that cannot be written is no success', () => {
    for (const words of ['explain tiny.spade', '--help']) {
      const { status, stderr } = into(words, '> /dev/full');
      expect([words, status, stderr]).toEqual([
        words,
        3,
        expect.stringMatching(
          /^error\[output-lost\]: the output cannot be written: the disk is full\nhint: /,
        ),
      ]);
    }
  });

  it('of which a part alone can be written is no success', () => {
    const script = `ulimit -f 1; "${process.execPath}" "${command}" explain tiny.spade > part.txt`;
    const { status, stderr } = spawnSync('sh', ['-c', script], { cwd: folder, encoding: 'utf8' });
    expect([status, stderr]).toEqual([
      3,
      expect.stringMatching(
        /^error\[output-lost\]: .*: a file would be larger than files may be here\nhint: /,
      ),
    ]);
  });

  it('of which nothing was to be written, or that nobody reads on, is no failure', () => {
    const { status, stderr } = into('check nowhere.spade', '> /dev/full');
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/^error\[unreadable-spec\]: cannot read .*\nhint: .*\n$/),
    ]);
    expect(into('explain tiny.spade', '| head -1')).toMatchObject({ status: 0, stderr: '' });
  });
});

describe('what the machine refuses', () => {
  const command = fileURLToPath(new URL('../../cli/spadework.js', import.meta.url));
  const shell = (script: string) =>
    spawnSync('sh', ['-c', script.replaceAll('spadework ', `"${process.execPath}" "${command}" `)], {
      cwd: folder,
      encoding: 'utf8',
    });

  it('is not said to be formatted, and stays as it was', () => {
    const text = readFileSync(join(folder, 'tiny.spade'), 'utf8').replaceAll('\n  ', '\n      ');
    write('limited.spade', text);
    expect(shell('ulimit -f 0; spadework fmt --write limited.spade')).toMatchObject({
      status: 3,
      stdout: '',
      stderr: expect.stringMatching(
        /^error\[file-too-large\]: 'limited.spade' cannot be written: .*\nhint: .*; the file is as it was\n$/,
      ) as string,
    });
    expect(readFileSync(join(folder, 'limited.spade'), 'utf8')).toBe(text);
  });

  it('is no lack of memory alone where the time of processors is limited', { tags: 'needs-linux' }, () => {
    const supervise = new URL('../../cli/supervise.js', import.meta.url).href;
    const ask = `import('${supervise}').then(({ describeDeath }) => console.log(describeDeath('SIGKILL').message, describeDeath('SIGXCPU').code))`;
    const { stdout } = shell(`ulimit -t 777; "${process.execPath}" -e "${ask}"`);
    expect(stdout).toContain('it took the 777 s of a processor that it may (ulimit -t)');
    expect(stdout).toContain('out-of-time');
  });

  it('is the folder one is in, where it was deleted', () => {
    const { status, stderr } = shell('mkdir gone; cd gone; rmdir ../gone; spadework check ../tiny.spade');
    expect([status, stderr]).toEqual([
      3,
      'error[cannot-start]: the command cannot be started: the folder that you are in was deleted\n' +
        'hint: go to one that is there: cd FOLDER\n',
    ]);
  });
});

describe('usage', () => {
  it('is shown with examples for every command', async () => {
    for (const command of [
      'check',
      'fmt',
      'explain',
      'diff',
      'train',
      'resume',
      'profile',
      'synth',
      'import',
      'export',
      'data',
      'doctor',
      'engine',
    ]) {
      const { code, out } = await run(command, '--help');
      expect([code, out]).toEqual([0, expect.stringContaining(`\nExamples:\n  spadework ${command}`)]);
    }
  });

  it('is asked for with exit code 2 where it is wrong', async () => {
    expect(await runProcess('trian')).toMatchObject({
      code: 2,
      err: expect.stringContaining("unknown command 'trian'\n(Did you mean train?)") as string,
    });
    expect(await run('train')).toMatchObject({
      code: 2,
      err: expect.stringContaining("missing required argument 'file'") as string,
    });
    expect(await run('train', 'tiny.spade', '--steps', 'few')).toMatchObject({
      code: 2,
      err: expect.stringContaining('Expected a whole number from 1 on.') as string,
    });
    expect(await run('train', 'tiny.spade', '--seed', '2147483648')).toMatchObject({
      code: 2,
      err: expect.stringContaining('Expected a whole number from 0 to 2147483647.') as string,
    });
    expect((await run('synth', 'run')).code).toBe(2);
  });
});

describe('check', () => {
  it('sums up a spec without mistakes', async () => {
    expect(await runProcess('check', 'tiny.spade')).toEqual({
      code: 0,
      out: expect.stringMatching(
        /^tiny\.spade: fine \(experiment tiny: 2 networks, [\d.]+ k parameters\)\n$/,
      ) as string,
      err: '',
    });
  });

  it('shows the mistakes of every file, each with its place', async () => {
    const wrong = write('wrong.spade', 'experiment wrong {\n  let G = Generator(width: 3\n}\n');
    const { code, out, err } = await runProcess('check', wrong, 'absent.spade', 'tiny.spade');
    expect(code).toBe(1);
    expect(err).toContain('wrong.spade:2:29');
    expect(err).toContain("error[unreadable-spec]: cannot read 'absent.spade': there is no such file");
    expect(out).toContain('tiny.spade: fine');
    expect(err).not.toMatch(/^\s+at /m);
  });

  it('shows warnings, which are no mistakes', async () => {
    const text = readFileSync(
      new URL('../samples/errors/loss-without-bottom/input.spade', import.meta.url),
      'utf8',
    );
    const warned = write('warned.spade', text);
    for (const command of ['check', 'explain']) {
      const { code, err } = await run(command, warned);
      expect(code).toBe(0);
      expect(err).toContain('warning[loss-without-bottom]');
    }
  });

  it('reads what a spec imports from beside it', async () => {
    write('parts.spade', 'block double(x) {\n  return 2 * x\n}\n');
    const user = write(
      'user.spade',
      'use "parts.spade" { double }\n\nnetwork N(image: Image) {\n  return double(image)\n}\n',
    );
    expect(await run('check', user)).toMatchObject({
      code: 0,
      out: 'user.spade: fine (N: 1 network, 0 parameters)\n',
    });
    const lost = write('lost.spade', 'use "gone.spade" { double }\n');
    expect(await run('check', lost)).toMatchObject({
      code: 1,
      err: expect.stringContaining('there is no such file') as string,
    });
  });
});

describe('fmt', () => {
  it('prints the canonical layout, tells files that have another, and writes it back', async () => {
    const loose = write('loose.spade', 'block  same( x ) { return x }');
    const printed = 'block same(x) {\n  return x\n}\n';
    expect(await run('fmt', loose)).toEqual({ code: 0, out: printed, err: '' });
    expect(await run('fmt', '--check', loose)).toMatchObject({
      code: 1,
      out: expect.stringContaining('loose.spade') as string,
    });
    expect(await run('fmt', '--write', loose)).toMatchObject({ code: 0 });
    expect(readFileSync(join(folder, loose), 'utf8')).toBe(printed);
    expect(await run('fmt', '--check', loose)).toEqual({ code: 0, out: '', err: '' });
  });

  it('formats the other files where one has mistakes or is missing', async () => {
    const broken = write('broken.spade', 'block same( x ) { return');
    const loose = write('other.spade', 'block  same( x ) { return x }');
    expect(await run('fmt', '--write', broken, 'absent.spade', loose)).toMatchObject({
      code: 1,
      out: 'formatted other.spade\n',
      err: expect.stringMatching(
        /broken\.spade[^]*cannot read 'absent\.spade': there is no such file/,
      ) as string,
    });
  });
});

describe('explain', () => {
  it('shows the networks and the training step', async () => {
    const { code, out } = await run('explain', 'tiny.spade');
    expect(code).toBe(0);
    expect(out).toContain('G = SpadeGenerator');
    expect(out).toContain('lower to TensorFlow');
  });

  it('prints the graph after a stage, for the settings that are given', async () => {
    const { code, out } = await run('explain', 'tiny.spade', '--ir', 'update', '--batch', '3', '--dense');
    expect(code).toBe(0);
    const methods = parseMethods(out);
    expect(methods.map(({ name }) => name)).toEqual(['step', 'synthesize']);
    expect(inputsOf(methods[0]!).get('labels')?.shape[0]).toBe(3);
    const wide = await run('explain', 'tiny.spade', '--name', 'tiny', '--set', 'G.width=3', '--ir', 'build');
    expect(wide.out).not.toBe((await run('explain', 'tiny.spade', '--ir', 'build')).out);
  });

  it('names the stages that there are, with a suggestion', async () => {
    const { code, err } = await run('explain', 'tiny.spade', '--ir', 'fuse-pointwse');
    expect(code).toBe(1);
    expect(err).toMatch(
      /there is no stage 'fuse-pointwse'\nhint: did you mean 'fuse-pointwise'\? there are spec, build, /,
    );
    const other = await run('explain', 'tiny.spade', '--ir', 'plan', '--json');
    expect(other).toMatchObject({ code: 1, err: expect.stringContaining('without --ablation') as string });
  });
});

const ablation = `use "tiny.spade" { tiny }

# What the norms do.
ablation norms of tiny {
  G.norm in [spade(), batch()]
  with { train.steps = 4, data.size = 64x64 }
  seeds: 2
}
`;

describe('ablations', () => {
  it('are checked run by run, with the experiments of the file', async () => {
    write(
      'both.spade',
      `${tinySpec()}\nexperiment wide = tiny with { G.width = 4 }\n\nablation widths of wide { D.width in [2, 3] }\n`,
    );
    const { out } = await run('check', 'both.spade');
    expect(out.split('\n').map((line) => line.replace(/:.*(?=\()|, .*/g, ''))).toEqual([
      'both.spade(experiment tiny: 2 networks',
      'both.spade(experiment wide: 2 networks',
      'both.spade(ablation widths of wide: 2 runs)',
      '',
    ]);
    const wrong = await run('check', 'both.spade', '--set', 'D.widht=3');
    expect(wrong.code).toBe(1);
    expect(wrong.err).toContain("hint: did you mean 'width'?");
    expect(wrong.err).toContain('--set:1:3');
    expect(wrong.err).toMatch(/\n1 error$/m);
  });

  it('are explained as a matrix, with times where the machine is known', async () => {
    const file = write('norms.spade', `use norms { spade, batch }\n${ablation}`);
    const { code, out } = await run('explain', file, '--rate', '100');
    expect(code).toBe(0);
    expect(out.replaceAll(/[\d.]+ (k|M|G|KiB|MiB|ms|s)\b/g, '_ $1')).toMatchInlineSnapshot(`
      "ablation norms of tiny   4 runs (2 x seeds 0, 1)
      What the norms do.
      G.norm  parameters  FLOP/step    memory  steps  at least
      --------------------------------------------------------
      spade        _ k      _ G  _ MiB      4   _ s
      batch       _ k     _ M   _ MiB      4   _ ms
      --------------------------------------------------------
      all                                              _ s
      parameters of all networks; FLOP and memory of a training step
      times are those of the operations alone, for one run and for all 4 runs in turn
      "
    `);
    const matrix = JSON.parse((await run('explain', file, '--json')).out) as { rows: { steps: number }[] };
    expect(matrix.rows.map(({ steps }) => steps)).toEqual([4, 4]);
  });
});

describe('diff', () => {
  it('shows what differs between files, or what a change by path would change', async () => {
    const other = write('other.spade', tinySpec({ rate: '1e-4' }));
    expect((await run('diff', 'tiny.spade', other)).out).toMatch(/optimizer G\n {2}rate +0\.001 +0\.0001\n/);
    const { out } = await run('diff', 'tiny.spade', '--set', 'data.batch=4', '--json');
    expect(JSON.parse(out)).toMatchObject({
      sections: [{ title: 'data', differences: [{ what: 'batch', before: '2', after: '4' }] }],
    });
  });
});
