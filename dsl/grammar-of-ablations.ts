/** The grammar of ablations: axes, cases, shared changes, exclusions and seeds. */
import { tokenMatcher, type TokenType } from 'chevrotain';
import { ExperimentGrammar } from './grammar-of-experiments.ts';
import { partPhrase } from './messages.ts';
import * as t from './tokens.ts';

export abstract class AblationGrammar extends ExperimentGrammar {
  /** Holds if a word that could be a name is the keyword of an ablation's part: the next token fits no axis. */
  private isPart(keyword: TokenType, next: TokenType): boolean {
    return tokenMatcher(this.LA(1), keyword) && tokenMatcher(this.LA(2), next);
  }

  /** ablation := 'ablation' name 'of' name ablationBody */
  readonly ablation = this.RULE('ablation', () => {
    this.enter('declaration');
    this.CONSUME(t.Ablation);
    this.CONSUME1(t.Identifier);
    this.CONSUME(t.Of);
    this.CONSUME2(t.Identifier);
    this.SUBRULE(this.ablationBody);
    this.leave();
  });

  /** ablationBody := '{' part* '}' */
  readonly ablationBody = this.RULE('ablationBody', () => {
    this.CONSUME(t.LeftBrace);
    this.MANY(() => this.SUBRULE(this.part));
    this.CONSUME(t.RightBrace);
  });

  /** part := shared | case | exclusion | seeds | axis */
  readonly part = this.RULE('part', () => {
    this.enter('part');
    this.OR({
      // The gates decide between keywords and names.
      MAX_LOOKAHEAD: 1,
      IGNORE_AMBIGUITIES: true,
      DEF: [
        { GATE: () => this.isPart(t.With, t.LeftBrace), ALT: () => this.SUBRULE(this.shared) },
        { GATE: () => this.isPart(t.Case, t.Identifier), ALT: () => this.SUBRULE(this.case) },
        { GATE: () => this.isPart(t.Except, t.Identifier), ALT: () => this.SUBRULE(this.exclusion) },
        { GATE: () => this.isPart(t.Seeds, t.Colon), ALT: () => this.SUBRULE(this.seeds) },
        { ALT: () => this.SUBRULE(this.axis) },
      ],
      ERR_MSG: partPhrase,
    });
    this.leave();
  });

  /** shared := 'with' changes */
  readonly shared = this.RULE('shared', () => {
    this.CONSUME(t.With);
    this.SUBRULE(this.changes);
  });

  /** case := 'case' name changes */
  readonly case = this.RULE('case', () => {
    this.CONSUME(t.Case);
    this.CONSUME(t.Identifier);
    this.SUBRULE(this.changes);
  });

  /** exclusion := 'except' matching ('and' matching)* */
  readonly exclusion = this.RULE('exclusion', () => {
    this.CONSUME(t.Except);
    this.SUBRULE1(this.matching);
    this.MANY(() => {
      this.CONSUME(t.And);
      this.SUBRULE2(this.matching);
    });
  });

  /** matching := path ('==' sum | 'in' values) */
  readonly matching = this.RULE('matching', () => {
    this.SUBRULE(this.path);
    this.OR({
      DEF: [
        {
          ALT: () => {
            this.CONSUME(t.EqualEqual);
            this.SUBRULE(this.sum);
          },
        },
        {
          ALT: () => {
            this.CONSUME(t.In);
            this.SUBRULE(this.values);
          },
        },
      ],
      ERR_MSG: "'==' or 'in'",
    });
  });

  /** seeds := 'seeds' ':' expression */
  readonly seeds = this.RULE('seeds', () => {
    this.CONSUME(t.Seeds);
    this.CONSUME(t.Colon);
    this.SUBRULE(this.expression);
  });

  /** axis := (name ':')? path 'in' (values | record) */
  readonly axis = this.RULE('axis', () => {
    this.OPTION(() => {
      this.CONSUME(t.Identifier);
      this.CONSUME(t.Colon);
    });
    this.SUBRULE(this.path);
    this.CONSUME(t.In);
    this.OR({
      DEF: [{ ALT: () => this.SUBRULE(this.values) }, { ALT: () => this.SUBRULE(this.record) }],
      ERR_MSG: "'[' or '{'",
    });
  });

  /** values := '[' (expression (',' expression)* ','?)? ']' */
  readonly values = this.RULE('values', () => {
    this.CONSUME(t.LeftBracket);
    this.separated(this.expression, t.RightBracket);
    this.CONSUME(t.RightBracket);
  });
}
