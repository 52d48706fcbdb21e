/**
 * Writes the C++ header that kernels take their instructions from: a function for each op that has one, and a table of them.
 *
 *     leaky_relu  ->  inline float leaky_relu(float x, float slope) { return x > 0.0f ? x : slope * x; }
 *                     entry(leaky_relu, 1, 1)                            1 operand, 1 parameter
 *
 * Bodies are C++ rather than a notation of our own, because what makes them fast (bits of numbers, fused multiplications, choices
 * without branches) is said best in the language that is compiled. The header's text is a part of the hash that names compiled
 * kernels, so kernels always have the instructions of the ops at hand.
 */
import type { Instruction, Op } from '../../compiler/ir/node.ts';
import { ops } from '../../compiler/ops/index.ts';

/** Names the header, which `kernels/pointwise.cc` includes. */
export const instructionsFile = 'instructions.h';

interface Named {
  readonly name: string;
  readonly operands: readonly string[];
  readonly instruction: Instruction;
}

/** Gives the text of the header for the ops of a table. */
export function instructionsHeader(table: readonly Op[] = ops): string {
  const all = table.flatMap(({ name, operands, instruction }): Named[] =>
    instruction ? [{ name, operands, instruction }] : [],
  );
  return [
    '// Made of the ops that have an instruction; what it is written with is in numbers.h.',
    '#pragma once',
    '',
    'namespace spadework::instructions {',
    '',
    ...all.map((one) => `${headOf(one)};`),
    '',
    ...all.map((one) => `${headOf(one)} {${bodyOf(one.instruction)}\n}`),
    '',
    '}  // namespace spadework::instructions',
    '',
    '// Says the name of each instruction, and how many operands and parameters it has.',
    `#define SPADEWORK_INSTRUCTIONS(entry)${all.map((one) => ` \\\n  ${entryOf(one)}`).join('')}`,
    ...all.flatMap(roleOf),
    '',
  ].join('\n');
}

const roleOf = ({ name, instruction: { role } }: Named): string[] =>
  role
    ? [
        '',
        `// Names the instruction that is the ${role} of its operands.`,
        `#define SPADEWORK_${role.toUpperCase()} "${name}"`,
      ]
    : [];

const headOf = ({ name, operands, instruction: { parameters = [] } }: Named): string =>
  `SPADEWORK_INLINE float ${name}(${[...operands, ...parameters].map((each) => `float ${each}`).join(', ')})`;

const bodyOf = ({ cpp }: Instruction): string =>
  /\breturn\b/.test(cpp) ? `\n${cpp.replace(/^\n/, '')}` : `\n  return ${cpp};`;

const entryOf = ({ name, operands, instruction: { parameters = [] } }: Named): string =>
  `entry(${name}, ${operands.length}, ${parameters.length})`;
