/** Renders docs/matrix.md from the cells: tables of what trains and what is refused. */
import {
  discriminatorCells,
  mainCells,
  refusals,
  refusalsOf,
  variantCells,
  weightCells,
  type Cell,
} from './cells.ts';
import { generators, losses, norms } from './table.ts';
import { steps } from './train.ts';

/** Tells whether a cell was trained; false if the run stopped before it. */
export type WasTrained = (cell: Cell) => boolean;

const letterOf = (index: number): string => String.fromCharCode('a'.charCodeAt(0) + index);

/** Summarizes cells: how many were trained, out of how many, and letters for the reasons of refusals. */
function summary(cells: readonly Cell[], wasTrained: WasTrained): string {
  const why = new Set(
    cells.flatMap((cell) => refusalsOf(cell).map((one) => letterOf(refusals.indexOf(one)))),
  );
  const sensible = cells.filter((cell) => refusalsOf(cell).length === 0);
  const trained = sensible.filter(wasTrained).length;
  const count = trained === sensible.length ? `${trained}` : `${trained}/${sensible.length}`;
  return [...(sensible.length > 0 ? [count] : []), ...[...why].sort()].join(' ');
}

/** Renders a table of cells, with one row and column for each value of two choices. */
function table(
  corner: string,
  cells: readonly Cell[],
  wasTrained: WasTrained,
  rowOf: (cell: Cell) => string,
  columnOf: (cell: Cell) => string,
): string {
  const rows = [...new Set(cells.map(rowOf))];
  const columns = [...new Set(cells.map(columnOf))];
  const line = (items: readonly string[]): string => `| ${items.join(' | ')} |`;
  const body = rows.map((row) =>
    line([
      row,
      ...columns.map((column) =>
        summary(
          cells.filter((cell) => rowOf(cell) === row && columnOf(cell) === column),
          wasTrained,
        ),
      ),
    ]),
  );
  return [line([corner, ...columns]), line([corner, ...columns].map(() => '---')), ...body].join('\n');
}

const listed = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ');

/** The page's text if all valid experiments were trained. */
export const allWereTrained = 'all of these were trained';

/** Renders the page, before prettier aligns its tables. */
export function matrixPage(wasTrained: WasTrained): string {
  const cells = [...mainCells, ...variantCells, ...weightCells, ...discriminatorCells];
  const sensible = cells.filter((cell) => refusalsOf(cell).length === 0);
  const trained = sensible.filter(wasTrained).length;
  const normOfVariant = ({ norm }: Cell): string => norm.name.split(/ over |, /)[0] ?? norm.name;
  const changeOfVariant = (cell: Cell): string =>
    cell.norm.name.slice(normOfVariant(cell).length).replace(/^, /, '').trim();
  const changeOfDiscriminator = ({ discriminator }: Cell): string =>
    discriminator?.norm?.name ?? discriminator?.weight ?? 'as it is';
  return `# What goes with what

Every generator, norm and loss of \`specs/\` in every combination: ${generators.length} generators, ${norms.length} norms (those that look at
instances twice) and ${losses.length} losses, then norms over other bases, parametrized weights, and discriminators; ${cells.length} experiments.
${sensible.length} of them make sense; ${trained === sensible.length ? allWereTrained : `${trained} of these were trained`} for ${steps} steps on the photographs of \`examples/data/camvid-mini\`, at 64x64 pixels in batches of two, with networks of a
few channels: all losses and variables stayed finite, and every network moved. The other ${cells.length - sensible.length} are
refused by the compiler, with a place and a hint.

\`npm run matrix\` trains them on the native engine and writes this page (\`--minutes 10\` stops it early); \`npm test\` trains a selection of them, and
checks what the compiler says of more. A norm that is added to \`specs/\` joins by itself; a network or loss that nobody has listed
in \`test/matrix/table.ts\` fails a test. CamVid has no instances: connected areas of one class stand in for them.

A number says how many of a field's experiments were trained (3/7: three of seven, the run ended before the others); a letter says
why others are refused:

${refusals.map(({ why }, index) => `- ${letterOf(index)}: ${why}`).join('\n')}

## Generators and norms

Each field stands for ${losses.length} losses: ${listed(losses.map(({ name }) => name))}.

${table(
  'norm',
  mainCells,
  wasTrained,
  ({ norm }) => norm.name,
  ({ generator }) => generator.name,
)}

## Generators and losses

Each field stands for ${norms.length} norms.

${table(
  'generator',
  mainCells,
  wasTrained,
  ({ generator }) => generator.name,
  ({ loss }) => loss.name,
)}

## Norms over other bases, with scale and shift, with other kernels

In \`SpadeGenerator\`.

${table('', variantCells, wasTrained, changeOfVariant, normOfVariant)}

## Parametrized weights

${table(
  'generator',
  weightCells,
  wasTrained,
  ({ generator }) => generator.name,
  ({ weight }) => weight ?? '',
)}

## Discriminators

With their norms and weights, under a \`UNet\`. Each field stands for ${new Set(discriminatorCells.map(({ loss }) => loss)).size} adversarial losses.

${table('', discriminatorCells, wasTrained, changeOfDiscriminator, ({ discriminator }) => discriminator?.name ?? '')}
`;
}
