/** Parses the tokens of a file into a concrete syntax tree. */
import { tokenMatcher } from 'chevrotain';
import { AblationGrammar } from './grammar-of-ablations.ts';
import * as t from './tokens.ts';

/**
 * The parser of a file. It stops at the first mistake; `recover.ts` continues after it. Line breaks matter only in
 * `onSameLine`.
 */
export class SpadeParser extends AblationGrammar {
  /** file := use* (block | experiment | ablation)* */
  readonly file = this.RULE('file', () => {
    this.MANY1(() => this.SUBRULE(this.use));
    this.MANY2(() =>
      this.OR({
        DEF: [
          { ALT: () => this.SUBRULE(this.block) },
          { ALT: () => this.SUBRULE(this.experiment) },
          { ALT: () => this.SUBRULE(this.ablation) },
        ],
        ERR_MSG: 'a declaration',
      }),
    );
  });

  /** use := 'use' (name ('/' name)* | string) '{' name (',' name)* ','? '}' */
  readonly use = this.RULE('use', () => {
    this.enter('declaration');
    this.CONSUME(t.Use);
    this.OR({
      DEF: [{ ALT: () => this.SUBRULE(this.modulePath) }, { ALT: () => this.CONSUME(t.StringText) }],
      ERR_MSG: 'the name of a module or a file path in quotes',
    });
    this.CONSUME(t.LeftBrace);
    this.CONSUME1(t.Identifier);
    this.MANY({
      MAX_LOOKAHEAD: 1,
      GATE: () => !tokenMatcher(this.LA(2), t.RightBrace),
      DEF: () => {
        this.CONSUME1(t.Comma);
        this.CONSUME2(t.Identifier);
      },
    });
    this.OPTION(() => this.CONSUME2(t.Comma));
    this.CONSUME(t.RightBrace);
    this.leave();
  });

  /** modulePath := name ('/' name)* */
  readonly modulePath = this.RULE('modulePath', () => {
    this.CONSUME1(t.Identifier);
    this.MANY(() => {
      this.CONSUME(t.Slash);
      this.CONSUME2(t.Identifier);
    });
  });

  constructor(options: { readonly validate: boolean }) {
    super(options);
    // The rules of all grammar parts exist only after this constructor ran.
    this.performSelfAnalysis();
  }
}
