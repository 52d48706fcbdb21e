/** Tests the one error that is thrown: what it tells programs, and that commands show it in one form. */
import { describe, expect, it } from 'vitest';
import { error } from '../../dsl/diagnostic.ts';
import {
  brokenInvariant,
  exitCodes,
  inputError,
  isInputError,
  machineError,
  must,
  SpadeworkError,
} from '../../dsl/errors.ts';
import { replacing } from '../../dsl/fix.ts';

const source = { name: 'a.spade', text: 'let x = 1\nlet y = z' };
const span = { source, start: 18, end: 19 };
const unknown = error('unknown-name', "there is no 'z'", span, {
  notes: ['found: z'],
  hint: replacing(span, 'x'),
});
const plain = { color: false };

describe('an error', () => {
  it('of a single thing without a place is its message, its notes and its hint', () => {
    const one = inputError('no-run', 'there is no run', 'train one', { notes: ['found: nothing'] });
    expect(one.message).toBe('there is no run\nfound: nothing\nhint: train one');
    expect(one.render(plain)).toBe('error[no-run]: there is no run\nfound: nothing\nhint: train one');
    expect(one).toMatchObject({ name: 'SpadeworkError', code: 'no-run', blame: 'input', exit: 1, fix: [] });
  });

  it('of a place shows its line, as a text and as data', () => {
    const one = new SpadeworkError('input', [unknown]);
    expect(one.render(plain)).toBe(
      "error[unknown-name]: there is no 'z'\n  a.spade:2:9\n  |\n2 | let y = z\n  |         ^\n  = found: z\n" +
        "  = hint: did you mean 'x'?\n\n1 error",
    );
    expect(one.message).toBe(one.render(plain));
    expect(one.problems).toEqual([
      {
        code: 'unknown-name',
        severity: 'error',
        message: "there is no 'z'",
        notes: ['found: z'],
        hint: "did you mean 'x'?",
        fix: [{ file: 'a.spade', start: 18, end: 19, text: 'x' }],
        place: {
          file: 'a.spade',
          line: 2,
          column: 9,
          range: { start: { line: 2, column: 9, offset: 18 }, end: { line: 2, column: 10, offset: 19 } },
        },
        rendered: one.render(plain).replace('\n\n1 error', ''),
      },
    ]);
  });

  it('of several things has all of them', () => {
    const several = new SpadeworkError('input', [unknown, error('late', 'it is late', undefined)]);
    expect(several.code).toBe('unknown-name');
    expect(several.problems.map(({ code }) => code)).toEqual(['unknown-name', 'late']);
    expect(several.message).toMatch(/^error\[late\]: it is late\n\nerror\[unknown-name\]: [^]*\n\n2 errors$/);
  });

  it('gets the name of the call that it came of, the innermost one', () => {
    const thrown = inputError('wrong-batch', 'the batch is no size', 'leave it out');
    const one = thrown.in('step').in('train');
    expect([one.call, one.stack]).toEqual(['step', thrown.stack]);
    expect(one.message).toBe('step: the batch is no size\nhint: leave it out');
  });

  it('says whose turn it is, and so what a command ends with', () => {
    const cause = new Error('ENOSPC');
    const full = machineError('disk-full', 'the disk is full', 'free some space', { cause });
    expect([full.exit, full.cause]).toEqual([exitCodes.machine, cause]);
    expect([isInputError(full), isInputError(inputError('odd', 'odd')), isInputError(cause)]).toEqual([
      false,
      true,
      false,
    ]);
    expect(brokenInvariant('every node has a type')).toMatchObject({ blame: 'bug', exit: 3 });
  });

  it('is what a broken invariant throws, and says what should hold', () => {
    expect(must(0, 'zero is a value')).toBe(0);
    expect(() => must(undefined, 'every node has a type')).toThrow('expected that every node has a type');
  });
});
