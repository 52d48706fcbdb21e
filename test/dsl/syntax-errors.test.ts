/**
 * Tests the diagnostics about syntax: every folder `samples/errors/syntax-*` has a source and its expected messages.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse, renderDiagnostics } from '../../dsl/index.ts';
import { tokenize } from '../../dsl/tokens.ts';

const samples = fileURLToPath(new URL('../samples/', import.meta.url));
const cases = readdirSync(`${samples}errors`).filter((name) => name.startsWith('syntax-'));

function parseText(text: string) {
  return parse({ name: 'input.spade', text });
}

describe('syntax mistakes', () => {
  it.each(cases)('are explained: %s', async (name) => {
    const folder = `${samples}errors/${name}`;
    const { diagnostics } = parseText(readFileSync(`${folder}/input.spade`, 'utf8'));
    expect(diagnostics).not.toHaveLength(0);
    await expect(renderDiagnostics(diagnostics, { color: false })).toMatchFileSnapshot(
      `${folder}/expected.txt`,
    );
  });

  it('leave the declarations without mistakes in the tree', () => {
    const text = readFileSync(`${samples}errors/syntax-between-sound-networks/input.spade`, 'utf8');
    const names = parseText(text).file?.declarations.map(({ name }) => name.text);
    expect(names).toEqual(['sound', 'also_sound']);
  });

  it('do not cascade: a file that lacks one token gets few messages, all with a place in it', () => {
    const text = readFileSync(`${samples}language/sampler.spade`, 'utf8');
    const { tokens } = tokenize(text);
    const counts = tokens.map((token) => {
      const end = token.startOffset + token.image.length;
      const { diagnostics } = parseText(text.slice(0, token.startOffset) + text.slice(end));
      for (const { span } of diagnostics) {
        expect(span?.start).toBeGreaterThanOrEqual(0);
        expect(span?.end).toBeLessThanOrEqual(text.length);
      }
      return diagnostics.length;
    });
    expect(Math.max(...counts)).toBeLessThanOrEqual(3);
    const several = counts.filter((count) => count > 1);
    expect(several.length).toBeLessThan(tokens.length / 50);
  });

  it('end the parse when there are too many', () => {
    const { file, diagnostics } = parseText('block = 3\n'.repeat(500));
    expect(file).toBeUndefined();
    expect(diagnostics).toHaveLength(101);
    expect(diagnostics.at(-1)?.code).toBe('too-many-mistakes');
  });

  it('are listed up to a limit, whatever finds them', () => {
    for (const text of [
      `block b() { return "${'\\q'.repeat(3000)}" }`,
      `block b() { return [${'99999999999999999999, '.repeat(3000)}] }`,
      "block b() {\n  x = '\n}\n".repeat(1500),
    ]) {
      const { diagnostics } = parseText(text);
      expect(diagnostics).toHaveLength(1001);
      expect(diagnostics.at(-1)?.code).toBe('too-many-mistakes');
    }
  });

  it('are found in an empty or unreadable text without an exception', () => {
    expect(parseText('').diagnostics).toEqual([]);
    expect(parseText('').file?.declarations).toEqual([]);
    expect(parseText('\u0000\u{1F600}').diagnostics.map(({ code }) => code)).toEqual(['unknown-character']);
    expect(parseText('}{)(][').diagnostics).not.toHaveLength(0);
    expect(parseText('"').diagnostics.map(({ code }) => code)).toEqual(['unterminated-string']);
  });
});
