/** The grammar of blocks and networks: parameters, and the statements of a body. */
import { tokenLabel, tokenMatcher } from 'chevrotain';
import { ExpressionGrammar } from './grammar-of-expressions.ts';
import * as t from './tokens.ts';

export abstract class BlockGrammar extends ExpressionGrammar {
  /**
   * Holds unless the next token is a name on the same line that binds nothing: such a name is a stray word, not a new
   * statement.
   */
  protected beginsStatement(): boolean {
    const isBinding = this.bindsPath();
    const isStray = tokenMatcher(this.LA(1), t.Identifier) && this.onSameLine() && !isBinding;
    const isFirst = tokenMatcher(this.LA(0), t.LeftBrace) || tokenMatcher(this.LA(0), t.Comma);
    return !isStray || isFirst || this.beginsItem();
  }

  /** Holds if a name, or a path of names, is followed by `=`. */
  protected bindsPath(): boolean {
    let at = 2;
    while (tokenMatcher(this.LA(at), t.Dot) && tokenMatcher(this.LA(at + 1), t.Identifier)) at += 2;
    return tokenMatcher(this.LA(at), t.Equal);
  }

  /** Holds if a word that could be a name is the keyword of an item: neither `=` nor the `.` of a path follows. */
  protected beginsItem(): boolean {
    const isKeyword = [t.Data, t.Load, t.Loss, t.Train].some((type) => tokenMatcher(this.LA(1), type));
    return isKeyword && !tokenMatcher(this.LA(2), t.Equal) && !tokenMatcher(this.LA(2), t.Dot);
  }

  /** block := ('block' | 'network') name definition | 'block' name '=' name ; the latter is an alias */
  readonly block = this.RULE('block', () => {
    this.enter('declaration');
    this.OR1([{ ALT: () => this.CONSUME(t.Block) }, { ALT: () => this.CONSUME(t.Network) }]);
    this.CONSUME1(t.Identifier);
    this.OR2({
      DEF: [
        { ALT: () => this.SUBRULE(this.definition) },
        {
          GATE: () => tokenMatcher(this.LA(-1), t.Block),
          ALT: () => {
            this.CONSUME(t.Equal);
            this.CONSUME2(t.Identifier);
          },
        },
      ],
      // The likely mistake is missing parentheses.
      ERR_MSG: tokenLabel(t.LeftParenthesis),
    });
    this.leave();
  });

  /** definition := parameters ('->' type)? body */
  readonly definition = this.RULE('definition', () => {
    this.SUBRULE(this.parameters);
    this.OPTION(() => {
      this.CONSUME(t.Arrow);
      this.SUBRULE(this.type);
    });
    this.SUBRULE(this.body);
  });

  /** parameters := '(' (parameter (',' parameter)* ','?)? ')' */
  readonly parameters = this.RULE('parameters', () => {
    this.CONSUME(t.LeftParenthesis);
    this.separated(this.parameter, t.RightParenthesis);
    this.CONSUME(t.RightParenthesis);
  });

  /** parameter := name (':' type)? ('=' expression)? */
  readonly parameter = this.RULE('parameter', () => {
    this.CONSUME(t.Identifier);
    this.OPTION1(() => {
      this.CONSUME(t.Colon);
      this.SUBRULE(this.type);
    });
    this.OPTION2(() => {
      this.CONSUME(t.Equal);
      this.SUBRULE(this.expression);
    });
  });

  /** type := name '?'? */
  readonly type = this.RULE('type', () => {
    this.CONSUME(t.Identifier);
    this.OPTION(() => this.CONSUME(t.Question));
  });

  /** body := '{' statement* '}' */
  readonly body = this.RULE('body', () => {
    this.CONSUME(t.LeftBrace);
    this.MANY({ GATE: () => this.beginsStatement(), DEF: () => this.SUBRULE(this.statement) });
    this.CONSUME(t.RightBrace);
  });

  /** statement := assignment | let | return | if | for */
  readonly statement = this.RULE('statement', () => {
    this.enter('statement');
    this.OR({
      DEF: [
        { ALT: () => this.SUBRULE(this.assignment) },
        { ALT: () => this.SUBRULE(this.letStatement) },
        { ALT: () => this.SUBRULE(this.returnStatement) },
        { GATE: () => this.mayNest(), ALT: () => this.nest(3, () => this.SUBRULE(this.ifStatement)) },
        { GATE: () => this.mayNest(), ALT: () => this.nest(3, () => this.SUBRULE(this.forStatement)) },
      ],
      ERR_MSG: 'a statement',
    });
    this.leave();
  });

  /** assignment := name '=' expression */
  readonly assignment = this.RULE('assignment', () => {
    this.CONSUME(t.Identifier);
    this.CONSUME(t.Equal);
    this.SUBRULE(this.expression);
  });

  /** let := 'let' name '=' expression */
  readonly letStatement = this.RULE('letStatement', () => {
    this.CONSUME(t.Let);
    this.CONSUME(t.Identifier);
    this.CONSUME(t.Equal);
    this.SUBRULE(this.expression);
  });

  /** return := 'return' expression */
  readonly returnStatement = this.RULE('returnStatement', () => {
    this.CONSUME(t.Return);
    this.SUBRULE(this.expression);
  });

  /** if := 'if' expression body ('else' 'if' expression body)* ('else' body)? */
  readonly ifStatement = this.RULE('ifStatement', () => {
    this.CONSUME1(t.If);
    this.SUBRULE1(this.expression);
    this.SUBRULE1(this.body);
    this.MANY(() => {
      this.CONSUME1(t.Else);
      this.CONSUME2(t.If);
      this.SUBRULE2(this.expression);
      this.SUBRULE2(this.body);
    });
    this.OPTION(() => {
      this.CONSUME2(t.Else);
      this.SUBRULE3(this.body);
    });
  });

  /** for := 'for' name 'in' expression body */
  readonly forStatement = this.RULE('forStatement', () => {
    this.CONSUME(t.For);
    this.CONSUME(t.Identifier);
    this.CONSUME(t.In);
    this.SUBRULE(this.expression);
    this.SUBRULE(this.body);
  });
}
