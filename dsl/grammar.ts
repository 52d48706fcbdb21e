/**
 * The base of all grammar parts: records the failing token and the unit around it, limits nesting, and tests line
 * breaks.
 */
import {
  CstParser,
  tokenLabel,
  tokenMatcher,
  type CstNode,
  type IParserErrorMessageProvider,
  type IToken,
  type ParserMethod,
  type TokenType,
} from 'chevrotain';
import { brokenInvariant } from './errors.ts';
import * as t from './tokens.ts';

/** The kind of a token sequence, for recovery: a mistake removes the smallest unit that contains it. */
export type UnitKind = 'file' | 'declaration' | 'item' | 'part' | 'statement' | 'entry';

/** A unit being parsed, and the last unit completed inside it. */
export interface Unit {
  readonly kind: UnitKind;
  readonly first: IToken | undefined;
  lastChild: Unit | undefined;
}

/** The token at which a parse failed, and a phrase for what was expected there. */
export interface Stumble {
  readonly actual: IToken;
  readonly previous: IToken | undefined;
  readonly expected: string;
  readonly rule: string;
  /** Whether the parse failed because the text is nested deeper than the parser can follow. */
  readonly isTooDeep: boolean;
}

/** The most rules inside one another; the stack of Node holds about twice as many. */
const ruleLimit = 800;

/** Records chevrotain's state on failure; `recover.ts`, which sees all tokens, makes the message. */
class StumbleRecorder implements IParserErrorMessageProvider {
  stumble: Stumble | undefined;
  isTooDeep = false;

  buildMismatchTokenMessage: IParserErrorMessageProvider['buildMismatchTokenMessage'] = (options) =>
    this.record(tokenLabel(options.expected), options.actual, options.previous, options.ruleName);

  buildNotAllInputParsedMessage: IParserErrorMessageProvider['buildNotAllInputParsedMessage'] = (options) =>
    this.record('the end of the file', options.firstRedundant, undefined, options.ruleName);

  buildNoViableAltMessage: IParserErrorMessageProvider['buildNoViableAltMessage'] = (options) =>
    this.record(options.customUserDescription ?? '', options.actual[0], options.previous, options.ruleName);

  buildEarlyExitMessage: IParserErrorMessageProvider['buildEarlyExitMessage'] = (options) =>
    this.record(options.customUserDescription ?? '', options.actual[0], options.previous, options.ruleName);

  private record(
    expected: string,
    actual: IToken | undefined,
    previous: IToken | undefined,
    rule: string,
  ): string {
    if (actual === undefined) throw brokenInvariant('a syntax error without a token');
    this.stumble = { expected, actual, previous, rule, isTooDeep: this.isTooDeep };
    return expected;
  }
}

/** A parser without rules. Each rule of its subclasses carries its production. */
export abstract class Grammar extends CstParser {
  private readonly recorder: StumbleRecorder;
  private units: Unit[] = [];
  /** The current nesting depth in rules, counted at the rules that can contain themselves. */
  private depth = 0;

  /** Makes a parser; `validate` makes chevrotain check the grammar, which only a test does. */
  constructor(options: { readonly validate: boolean }) {
    const recorder = new StumbleRecorder();
    super(t.allTokens, {
      maxLookahead: 2,
      errorMessageProvider: recorder,
      nodeLocationTracking: 'onlyOffset',
      skipValidations: !options.validate,
    });
    this.recorder = recorder;
  }

  /** Sets the tokens to parse; `kind` is the unit that they form. */
  load(tokens: readonly IToken[], kind: UnitKind): void {
    this.input = [...tokens];
    this.units = [{ kind, first: tokens[0], lastChild: undefined }];
    this.recorder.stumble = undefined;
    this.recorder.isTooDeep = false;
    this.depth = 0;
  }

  /** Gives where the last parse failed; undefined if it succeeded. */
  get stumble(): Stumble | undefined {
    return this.errors.length > 0 ? this.recorder.stumble : undefined;
  }

  /** Gives the smallest unit that was being parsed when the parse ended. */
  get unit(): Unit | undefined {
    return this.units.at(-1);
  }

  protected enter(kind: UnitKind): void {
    this.ACTION(() => this.units.push({ kind, first: this.LA(1), lastChild: undefined }));
  }

  protected leave(): void {
    this.ACTION(() => {
      const done = this.units.pop();
      const outer = this.units.at(-1);
      if (outer !== undefined) outer.lastChild = done;
    });
  }

  /** Parses something that can contain itself; `rules` is how many rules deeper that is. */
  protected nest(rules: number, parse: () => void): void {
    this.ACTION(() => (this.depth += rules));
    parse();
    this.ACTION(() => (this.depth -= rules));
  }

  /** Holds while deeper nesting is allowed; past the limit no alternative matches. */
  protected mayNest(): boolean {
    if (this.depth <= ruleLimit) return true;
    this.recorder.isTooDeep = true;
    return false;
  }

  /** Holds if the next token starts on the line where the previous one ends. */
  protected onSameLine(): boolean {
    return this.LA(0).endLine === this.LA(1).startLine;
  }

  /** separated := (item (',' item)* ','?)? ; the calling rule consumes `closer`, the bracket that follows */
  protected separated(item: ParserMethod<[], CstNode>, closer: TokenType): void {
    this.OPTION1({
      GATE: () => !tokenMatcher(this.LA(1), closer),
      DEF: () => {
        this.SUBRULE1(item);
        this.more(item, closer);
      },
    });
  }

  /** more := (',' item)* ','? */
  protected more(item: ParserMethod<[], CstNode>, closer: TokenType): void {
    this.MANY({
      MAX_LOOKAHEAD: 1,
      GATE: () => !tokenMatcher(this.LA(2), closer),
      DEF: () => {
        this.CONSUME1(t.Comma);
        this.SUBRULE2(item);
      },
    });
    this.OPTION2(() => this.CONSUME2(t.Comma));
  }
}
