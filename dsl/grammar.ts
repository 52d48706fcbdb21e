/** What all parts of the grammar share: where a parse stumbled, which units it is in, how deep it is, and what a new line means. */
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

/** What a stretch of tokens is, for recovery: a mistake costs the smallest unit that holds it. */
export type UnitKind = 'file' | 'declaration' | 'item' | 'part' | 'statement' | 'entry';

/** A unit that is being parsed, and the last one completed inside it. */
export interface Unit {
  readonly kind: UnitKind;
  readonly first: IToken | undefined;
  lastChild: Unit | undefined;
}

/** The token that a parse stumbled over, and what would have fitted there as a phrase. */
export interface Stumble {
  readonly actual: IToken;
  readonly previous: IToken | undefined;
  readonly expected: string;
  readonly rule: string;
  /** Whether the text may be sound, but is nested deeper than the parser can follow. */
  readonly isTooDeep: boolean;
}

/** Rules inside one another; the stack of Node holds about twice as many. */
const ruleLimit = 800;

/** Keeps what chevrotain knows when it fails; the message itself is written in `recover.ts`, which sees all tokens. */
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

/** A parser of tokens without rules yet. Each rule of the classes that extend it carries its production. */
export abstract class Grammar extends CstParser {
  private readonly recorder: StumbleRecorder;
  private units: Unit[] = [];
  /** How many rules are inside one another here, counted at those that can hold themselves. */
  private depth = 0;

  /** Makes a parser; `validate` makes chevrotain check the grammar itself, which tests do once. */
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

  /** Takes new tokens; `kind` says what they are as a whole. */
  load(tokens: readonly IToken[], kind: UnitKind): void {
    this.input = [...tokens];
    this.units = [{ kind, first: tokens[0], lastChild: undefined }];
    this.recorder.stumble = undefined;
    this.recorder.isTooDeep = false;
    this.depth = 0;
  }

  /** Gives what the last parse stumbled over, if it did. */
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

  /** Parses what may hold the like of itself, which is `rules` rules further in. */
  protected nest(rules: number, parse: () => void): void {
    this.ACTION(() => (this.depth += rules));
    parse();
    this.ACTION(() => (this.depth -= rules));
  }

  /** Holds as long as rules may be entered from here; where they may not, no alternative fits. */
  protected mayNest(): boolean {
    if (this.depth <= ruleLimit) return true;
    this.recorder.isTooDeep = true;
    return false;
  }

  /** Holds when the next token starts on the line where the one before it ends. */
  protected onSameLine(): boolean {
    return this.LA(0).endLine === this.LA(1).startLine;
  }

  /** separated := (item (',' item)* ','?)? ; `closer` is the bracket that follows, and is left to the rule */
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
