/** Reads the standard library's texts, and lists networks, norms, losses and weights by their use. */
import { children, type Block, type Node } from '../../dsl/ast.ts';
import { parse } from '../../dsl/index.ts';
import { libraryModules, provider } from '../support/specs.ts';

/** A declaration of the library. */
export interface Declared {
  readonly name: string;
  readonly module: string;
  readonly block: Block;
  /** All words in its text: names, types, members. */
  readonly words: ReadonlySet<string>;
}

const byName = new Map<string, Declared>();
for (const module of libraryModules) {
  const source = provider().library(module);
  const { file } = source ? parse(source) : {};
  for (const block of file?.declarations ?? [])
    if (block.kind === 'block') {
      const name = block.name.text;
      byName.set(name, { name, module, block, words: wordsOf(block) });
    } else if (block.kind === 'alias') {
      // A block of the same module, declared above its alias.
      const target = byName.get(block.target.text);
      if (target) byName.set(block.name.text, { ...target, name: block.name.text });
    }
}

function wordsOf(root: Node): Set<string> {
  const words = new Set<string>();
  for (const node of nodesOf(root)) {
    if (node.kind === 'reference') words.add(node.name);
    if (node.kind === 'member') words.add(node.name.text);
  }
  return words;
}

function nodesOf(root: Node): readonly Node[] {
  return [root, ...children(root).flatMap(nodesOf)];
}

const declared = [...byName.values()];
const inModule = (module: string): readonly Declared[] => declared.filter((one) => one.module === module);

/** All networks of the library. */
export const networks: readonly Declared[] = declared.filter(({ block }) => block.keyword === 'network');

/** Blocks (x, seg, ...) of norms.spade whose other parameters have defaults: possible norms of a network. */
export const normBlocks: readonly Declared[] = inModule('norms').filter(({ block: { parameters } }) => {
  const [x, seg, ...others] = parameters;
  return (
    x?.type === undefined && seg?.name.text === 'seg' && others.every((other) => other.default !== undefined)
  );
});

/** Blocks (w, ...): possible weights of a convolution. */
export const weightBlocks: readonly Declared[] = [...inModule('prelude'), ...inModule('norms')].filter(
  ({ block: { parameters } }) =>
    parameters[0]?.name.text === 'w' && parameters.slice(1).every((other) => other.default !== undefined),
);

/** All blocks of losses.spade. */
export const lossBlocks: readonly Declared[] = inModule('losses');

/** Whether a declaration has a parameter of this name. */
export const takes = ({ block }: Declared, parameter: string): boolean =>
  block.parameters.some(({ name }) => name.text === parameter);

/** Whether a norm passes the map to its base. */
export const handsMapOn = ({ block }: Declared): boolean =>
  nodesOf(block).some(
    (node) =>
      node.kind === 'call' &&
      node.callee.kind === 'reference' &&
      node.callee.name === 'base' &&
      node.arguments.some(({ value }) => value.kind === 'reference' && value.name === 'seg'),
  );

/** Gives the declarations that texts mention, directly or indirectly. */
export function reachedFrom(words: Iterable<string>): ReadonlySet<string> {
  const reached = new Set(words);
  // Iterating a set includes items added meanwhile.
  for (const word of reached) for (const next of byName.get(word)?.words ?? []) reached.add(next);
  return reached;
}

/** The words of a text of the language. */
export const wordsIn = (text: string): readonly string[] => text.match(/\w+/g) ?? [];

/** Writes imports for all library names in a text; the prelude needs none. */
export function importsOf(text: string): string {
  const modules = new Map<string, string[]>();
  for (const word of new Set(wordsIn(text))) {
    const found = byName.get(word);
    if (!found || found.module === 'prelude') continue;
    const names = modules.get(found.module) ?? [];
    modules.set(found.module, [...names, word]);
  }
  return [...modules].map(([module, names]) => `use ${module} { ${names.join(', ')} }\n`).join('');
}
