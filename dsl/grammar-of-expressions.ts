/** The grammar of expressions, from conditionals and pipelines down to numbers and names. */
import { EOF, tokenMatcher } from 'chevrotain';
import { Grammar } from './grammar.ts';
import * as t from './tokens.ts';

/** Tokens that form an expression alone, unless a token continues it. */
const simple = [t.NumberText, t.SizeText, t.StringText, t.True, t.False, t.None, t.Identifier];
/** Tokens that continue no expression, and tokens that continue none at the start of a line. */
const enders = [
  ...[t.Comma, t.RightParenthesis, t.RightBracket, t.RightBrace, t.LeftBrace, t.Then, t.Else, t.For, EOF],
];
const beginners = [t.Identifier, t.Let, t.Return];

export abstract class ExpressionGrammar extends Grammar {
  /** Holds if a name on a new line begins no expression (`name =`, `name:`, `loss G`): then the operand is missing. */
  private beginsOtherThing(): boolean {
    if (this.onSameLine()) return false;
    const after = this.LA(2);
    if (tokenMatcher(after, t.Equal) || tokenMatcher(after, t.Colon)) return true;
    const opensItem = [t.Data, t.Load, t.Loss, t.Optimize].some((type) => tokenMatcher(this.LA(1), type));
    return opensItem && tokenMatcher(after, t.Identifier);
  }

  /**
   * Holds if the next token is an expression by itself, as most are. Parsing it directly skips the twelve operator
   * rules between an expression and a primary.
   */
  private isLone(): boolean {
    const after = this.LA(2);
    const isSimple = simple.some((type) => tokenMatcher(this.LA(1), type));
    if (isSimple && enders.some((type) => tokenMatcher(after, type))) return true;
    const isNewLine = this.LA(1).endLine !== after.startLine;
    return isSimple && isNewLine && beginners.some((type) => tokenMatcher(after, type));
  }

  /** expression := conditional | primary | pipeline */
  readonly expression = this.RULE('expression', () => {
    this.OR({
      // The gate decides between a primary and a pipeline that begins with one.
      MAX_LOOKAHEAD: 1,
      IGNORE_AMBIGUITIES: true,
      DEF: [
        { GATE: () => this.mayNest(), ALT: () => this.nest(2, () => this.SUBRULE(this.conditional)) },
        { GATE: () => this.isLone(), ALT: () => this.SUBRULE(this.primary) },
        // Twelve rules lie between this one and the next expression in brackets.
        { GATE: () => this.mayNest(), ALT: () => this.nest(12, () => this.SUBRULE(this.pipeline)) },
      ],
      ERR_MSG: 'an expression',
    });
  });

  /** conditional := 'if' expression 'then' expression 'else' expression */
  readonly conditional = this.RULE('conditional', () => {
    this.CONSUME(t.If);
    this.SUBRULE1(this.expression);
    this.CONSUME(t.Then);
    this.SUBRULE2(this.expression);
    this.CONSUME(t.Else);
    this.SUBRULE3(this.expression);
  });

  /** pipeline := disjunction ('|>' stage)* */
  readonly pipeline = this.RULE('pipeline', () => {
    this.SUBRULE(this.disjunction);
    this.MANY(() => {
      this.CONSUME(t.Pipe);
      this.SUBRULE(this.stage);
    });
  });

  /** stage := name (member | index)* arguments? label? */
  readonly stage = this.RULE('stage', () => {
    this.CONSUME(t.Identifier);
    this.MANY({
      GATE: () => tokenMatcher(this.LA(1), t.Dot) || this.onSameLine(),
      DEF: () => this.SUBRULE(this.stageSuffix),
    });
    this.OPTION1({ GATE: () => this.onSameLine(), DEF: () => this.SUBRULE(this.arguments) });
    this.OPTION2(() => this.SUBRULE(this.label));
  });

  /** stageSuffix := member | index */
  readonly stageSuffix = this.RULE('stageSuffix', () => {
    this.OR([{ ALT: () => this.SUBRULE(this.member) }, { ALT: () => this.SUBRULE(this.index) }]);
  });

  /** disjunction := conjunction ('or' conjunction)* */
  readonly disjunction = this.RULE('disjunction', () => {
    this.SUBRULE1(this.conjunction);
    this.MANY(() => {
      this.CONSUME(t.Or);
      this.SUBRULE2(this.conjunction);
    });
  });

  /** conjunction := negation ('and' negation)* */
  readonly conjunction = this.RULE('conjunction', () => {
    this.SUBRULE1(this.negation);
    this.MANY(() => {
      this.CONSUME(t.And);
      this.SUBRULE2(this.negation);
    });
  });

  /** negation := 'not' negation | comparison */
  readonly negation = this.RULE('negation', () => {
    this.OR({
      DEF: [
        {
          GATE: () => this.mayNest(),
          ALT: () => {
            this.CONSUME(t.Not);
            this.nest(1, () => this.SUBRULE(this.negation));
          },
        },
        { ALT: () => this.SUBRULE(this.comparison) },
      ],
      ERR_MSG: 'an expression',
    });
  });

  /** comparison := sum (('==' | '!=' | '<' | '<=' | '>' | '>=') sum)? */
  readonly comparison = this.RULE('comparison', () => {
    this.SUBRULE1(this.sum);
    this.OPTION(() => {
      this.CONSUME(t.ComparisonOperator);
      this.SUBRULE2(this.sum);
    });
  });

  /** sum := product (('+' | '-') product)* */
  readonly sum = this.RULE('sum', () => {
    this.SUBRULE1(this.product);
    this.MANY(() => {
      this.CONSUME(t.AdditiveOperator);
      this.SUBRULE2(this.product);
    });
  });

  /** product := unary (('*' | '/' | '//' | '%') unary)* */
  readonly product = this.RULE('product', () => {
    this.SUBRULE1(this.unary);
    this.MANY(() => {
      this.CONSUME(t.MultiplicativeOperator);
      this.SUBRULE2(this.unary);
    });
  });

  /** unary := '-' unary | power */
  readonly unary = this.RULE('unary', () => {
    this.OR({
      DEF: [
        {
          GATE: () => this.mayNest(),
          ALT: () => {
            this.CONSUME(t.Minus);
            this.nest(1, () => this.SUBRULE(this.unary));
          },
        },
        { GATE: () => this.mayNest(), ALT: () => this.SUBRULE(this.power) },
      ],
      ERR_MSG: 'an expression',
    });
  });

  /** power := postfix ('**' unary)? */
  readonly power = this.RULE('power', () => {
    this.SUBRULE(this.postfix);
    this.OPTION(() => {
      this.CONSUME(t.Power);
      this.nest(2, () => this.SUBRULE(this.unary));
    });
  });

  /** postfix := primary suffix* ; a '(' or '[' on a new line begins something else */
  readonly postfix = this.RULE('postfix', () => {
    this.SUBRULE(this.primary);
    this.MANY({
      GATE: () => tokenMatcher(this.LA(1), t.Dot) || this.onSameLine(),
      DEF: () => this.SUBRULE(this.suffix),
    });
  });

  /** suffix := arguments label? | member | index */
  readonly suffix = this.RULE('suffix', () => {
    this.OR([
      {
        ALT: () => {
          this.SUBRULE(this.arguments);
          this.OPTION(() => this.SUBRULE(this.label));
        },
      },
      { ALT: () => this.SUBRULE(this.member) },
      { ALT: () => this.SUBRULE(this.index) },
    ]);
  });

  /** arguments := '(' (argument (',' argument)* ','?)? ')' */
  readonly arguments = this.RULE('arguments', () => {
    this.CONSUME(t.LeftParenthesis);
    this.separated(this.argument, t.RightParenthesis);
    this.CONSUME(t.RightParenthesis);
  });

  /** argument := (name ':')? expression */
  readonly argument = this.RULE('argument', () => {
    this.OPTION(() => {
      this.CONSUME(t.Identifier);
      this.CONSUME(t.Colon);
    });
    this.SUBRULE(this.expression);
  });

  /** member := '.' name */
  readonly member = this.RULE('member', () => {
    this.CONSUME(t.Dot);
    this.CONSUME(t.Identifier);
  });

  /** index := '[' expression ']' */
  readonly index = this.RULE('index', () => {
    this.CONSUME(t.LeftBracket);
    this.SUBRULE(this.expression);
    this.CONSUME(t.RightBracket);
  });

  /** label := 'as' name index? */
  readonly label = this.RULE('label', () => {
    this.CONSUME(t.As);
    this.CONSUME(t.Identifier);
    this.OPTION({ GATE: () => this.onSameLine(), DEF: () => this.SUBRULE(this.index) });
  });

  /** primary := number | size | string | 'true' | 'false' | 'none' | name | list | '(' expression ')' */
  readonly primary = this.RULE('primary', () => {
    this.OR({
      DEF: [
        { ALT: () => this.CONSUME(t.NumberText) },
        { ALT: () => this.CONSUME(t.SizeText) },
        { ALT: () => this.CONSUME(t.StringText) },
        { ALT: () => this.CONSUME(t.True) },
        { ALT: () => this.CONSUME(t.False) },
        { ALT: () => this.CONSUME(t.None) },
        { GATE: () => !this.beginsOtherThing(), ALT: () => this.CONSUME(t.Identifier) },
        { ALT: () => this.SUBRULE(this.list) },
        {
          ALT: () => {
            this.CONSUME(t.LeftParenthesis);
            this.SUBRULE(this.expression);
            this.CONSUME(t.RightParenthesis);
          },
        },
      ],
      ERR_MSG: 'an expression',
    });
  });

  /** list := '[' (expression (comprehension | (',' expression)* ','?))? ']' */
  readonly list = this.RULE('list', () => {
    this.CONSUME(t.LeftBracket);
    this.OPTION1({
      GATE: () => !tokenMatcher(this.LA(1), t.RightBracket),
      DEF: () => {
        this.SUBRULE1(this.expression);
        this.OR([
          { ALT: () => this.SUBRULE(this.comprehension) },
          {
            ALT: () => this.more(this.expression, t.RightBracket),
          },
        ]);
      },
    });
    this.CONSUME(t.RightBracket);
  });

  /** comprehension := 'for' name 'in' expression ('if' expression)? ; it follows the item of its list */
  readonly comprehension = this.RULE('comprehension', () => {
    this.CONSUME(t.For);
    this.CONSUME(t.Identifier);
    this.CONSUME(t.In);
    this.SUBRULE1(this.expression);
    this.OPTION(() => {
      this.CONSUME(t.If);
      this.SUBRULE2(this.expression);
    });
  });
}
