/** Checks the grammar with chevrotain's validation, and that the types of its tree are up to date. */
import { generateCstDts, Lexer } from 'chevrotain';
import { format, resolveConfig } from 'prettier';
import { describe, expect, it } from 'vitest';
import { SpadeParser } from '../../dsl/parser.ts';
import { allTokens } from '../../dsl/tokens.ts';

const header =
  '/** The types of the concrete syntax tree. Generated from the grammar: `npx vitest run test/dsl -u` renews it. */\n';

describe('the grammar', () => {
  it('passes the checks of tokens and rules that are skipped at run time', () => {
    expect(() => new Lexer(allTokens, { ensureOptimizations: true })).not.toThrow();
    expect(() => new SpadeParser({ validate: true })).not.toThrow();
  });

  it('has the syntax tree that dsl/cst.ts describes', async () => {
    const productions = new SpadeParser({ validate: false }).getGAstProductions();
    const types = generateCstDts(productions, { includeVisitorInterface: false }).replace(
      'ICstVisitor, ',
      '',
    );
    const options = await resolveConfig(new URL('../../dsl/cst.ts', import.meta.url));
    const text = await format(header + types, { ...options, parser: 'typescript' });
    await expect(text).toMatchFileSnapshot('../../dsl/cst.ts');
  });
});
