/** Answers for the grammar, and for nothing else: each rule carries its production. New lines matter only in `onSameLine`. */
import { brokenInvariant } from './errors.ts';
import {
  CstParser,
  EOF,
  tokenLabel,
  tokenMatcher,
  type IParserErrorMessageProvider,
  type IToken,
  type TokenType,
} from 'chevrotain';
import { itemPhrase, partPhrase } from './messages.ts';
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

/** Tokens that are an expression if nothing continues it. */
const simple = [t.NumberText, t.SizeText, t.StringText, t.True, t.False, t.None, t.Identifier];
/** Tokens that continue no expression, and those that continue none from a new line on. */
const enders = [
  ...[t.Comma, t.RightParenthesis, t.RightBracket, t.RightBrace, t.LeftBrace, t.Then, t.Else, t.For, EOF],
];
const beginners = [t.Identifier, t.Let, t.Return];

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

/** Turns tokens into a concrete syntax tree. It stops at the first mistake: `recover.ts` goes on from there. */
export class SpadeParser extends CstParser {
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
    this.performSelfAnalysis();
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

  private enter(kind: UnitKind): void {
    this.ACTION(() => this.units.push({ kind, first: this.LA(1), lastChild: undefined }));
  }

  private leave(): void {
    this.ACTION(() => {
      const done = this.units.pop();
      const outer = this.units.at(-1);
      if (outer !== undefined) outer.lastChild = done;
    });
  }

  /** Parses what may hold the like of itself, which is `rules` rules further in. */
  private nest(rules: number, parse: () => void): void {
    this.ACTION(() => (this.depth += rules));
    parse();
    this.ACTION(() => (this.depth -= rules));
  }

  /** Holds as long as rules may be entered from here; where they may not, no alternative fits. */
  private mayNest(): boolean {
    if (this.depth <= ruleLimit) return true;
    this.recorder.isTooDeep = true;
    return false;
  }

  /** Holds when the next token starts on the line where the one before it ends. */
  private onSameLine(): boolean {
    return this.LA(0).endLine === this.LA(1).startLine;
  }

  /** Holds when a name on a new line begins no expression (`name =`, `name:`, `loss G`): the operand is missing. */
  private beginsOtherThing(): boolean {
    if (this.onSameLine()) return false;
    const after = this.LA(2);
    if (tokenMatcher(after, t.Equal) || tokenMatcher(after, t.Colon)) return true;
    const opensItem = [t.Data, t.Load, t.Loss, t.Optimize].some((type) => tokenMatcher(this.LA(1), type));
    return opensItem && tokenMatcher(after, t.Identifier);
  }

  /** Holds unless a name behind a statement on the same line binds nothing: that is no new statement but a stray word. */
  private beginsStatement(): boolean {
    const isBinding = this.bindsPath();
    const isStray = tokenMatcher(this.LA(1), t.Identifier) && this.onSameLine() && !isBinding;
    const isFirst = tokenMatcher(this.LA(0), t.LeftBrace) || tokenMatcher(this.LA(0), t.Comma);
    return !isStray || isFirst || this.beginsItem();
  }

  /** Holds when a name, or a path of names, is followed by `=`. */
  private bindsPath(): boolean {
    let at = 2;
    while (tokenMatcher(this.LA(at), t.Dot) && tokenMatcher(this.LA(at + 1), t.Identifier)) at += 2;
    return tokenMatcher(this.LA(at), t.Equal);
  }

  /** Holds when a word that may be a name is the keyword of an item: no `=` follows, and no `.` as in a path. */
  private beginsItem(): boolean {
    const isKeyword = [t.Data, t.Load, t.Loss, t.Train].some((type) => tokenMatcher(this.LA(1), type));
    return isKeyword && !tokenMatcher(this.LA(2), t.Equal) && !tokenMatcher(this.LA(2), t.Dot);
  }

  /** Holds when the next line is an item of the experiment, so that the settings above it lack their closing brace. */
  private beginsOuterItem(): boolean {
    return !this.onSameLine() && this.beginsItem() && !tokenMatcher(this.LA(2), t.Colon);
  }

  /** Holds when a word that may be a name is the keyword of an ablation's part: what follows fits no axis. */
  private isPart(keyword: TokenType, next: TokenType): boolean {
    return tokenMatcher(this.LA(1), keyword) && tokenMatcher(this.LA(2), next);
  }

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
      // What is forgotten are the parentheses.
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
    this.OPTION1({
      GATE: () => !tokenMatcher(this.LA(1), t.RightParenthesis),
      DEF: () => {
        this.SUBRULE1(this.parameter);
        this.MANY({
          MAX_LOOKAHEAD: 1,
          GATE: () => !tokenMatcher(this.LA(2), t.RightParenthesis),
          DEF: () => {
            this.CONSUME1(t.Comma);
            this.SUBRULE2(this.parameter);
          },
        });
        this.OPTION2(() => this.CONSUME2(t.Comma));
      },
    });
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

  /** experiment := 'experiment' name (experimentBody | '=' name 'with' changes) */
  readonly experiment = this.RULE('experiment', () => {
    this.enter('declaration');
    this.CONSUME(t.Experiment);
    this.CONSUME1(t.Identifier);
    this.OR({
      DEF: [
        { ALT: () => this.SUBRULE(this.experimentBody) },
        {
          ALT: () => {
            this.CONSUME(t.Equal);
            this.CONSUME2(t.Identifier);
            this.CONSUME(t.With);
            this.SUBRULE(this.changes);
          },
        },
      ],
      // What is forgotten is the brace.
      ERR_MSG: tokenLabel(t.LeftBrace),
    });
    this.leave();
  });

  /** experimentBody := '{' item* '}' */
  readonly experimentBody = this.RULE('experimentBody', () => {
    this.CONSUME(t.LeftBrace);
    this.MANY({ GATE: () => this.beginsStatement(), DEF: () => this.SUBRULE(this.item) });
    this.CONSUME(t.RightBrace);
  });

  /** changes := '{' (change ','?)* '}' */
  readonly changes = this.RULE('changes', () => {
    this.CONSUME(t.LeftBrace);
    this.MANY({
      GATE: () => this.beginsStatement(),
      DEF: () => {
        this.SUBRULE(this.change);
        this.OPTION(() => this.CONSUME(t.Comma));
      },
    });
    this.CONSUME(t.RightBrace);
  });

  /** change := override | item */
  readonly change = this.RULE('change', () => {
    this.OR({
      MAX_LOOKAHEAD: 1,
      IGNORE_AMBIGUITIES: true,
      DEF: [
        {
          GATE: () => tokenMatcher(this.LA(2), t.Dot),
          ALT: () => {
            this.enter('item');
            this.SUBRULE(this.override);
            this.leave();
          },
        },
        { ALT: () => this.SUBRULE(this.item) },
      ],
      ERR_MSG: itemPhrase,
    });
  });

  /** override := path '=' expression */
  readonly override = this.RULE('override', () => {
    this.SUBRULE(this.path);
    this.CONSUME(t.Equal);
    this.SUBRULE(this.expression);
  });

  /** path := name ('.' name)* */
  readonly path = this.RULE('path', () => {
    this.CONSUME1(t.Identifier);
    this.MANY(() => {
      this.CONSUME(t.Dot);
      this.CONSUME2(t.Identifier);
    });
  });

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
    this.OPTION1({
      GATE: () => !tokenMatcher(this.LA(1), t.RightBracket),
      DEF: () => {
        this.SUBRULE1(this.expression);
        this.MANY({
          MAX_LOOKAHEAD: 1,
          GATE: () => !tokenMatcher(this.LA(2), t.RightBracket),
          DEF: () => {
            this.CONSUME1(t.Comma);
            this.SUBRULE2(this.expression);
          },
        });
        this.OPTION2(() => this.CONSUME2(t.Comma));
      },
    });
    this.CONSUME(t.RightBracket);
  });

  /** item := data | load | loss | train | let | assignment */
  readonly item = this.RULE('item', () => {
    this.enter('item');
    this.OR({
      // The gates decide between keywords and names.
      MAX_LOOKAHEAD: 1,
      IGNORE_AMBIGUITIES: true,
      DEF: [
        { GATE: () => this.beginsItem(), ALT: () => this.SUBRULE(this.data) },
        { GATE: () => this.beginsItem(), ALT: () => this.SUBRULE(this.loadItem) },
        { GATE: () => this.beginsItem(), ALT: () => this.SUBRULE(this.loss) },
        { GATE: () => this.beginsItem(), ALT: () => this.SUBRULE(this.train) },
        { ALT: () => this.SUBRULE(this.letStatement) },
        { ALT: () => this.SUBRULE(this.assignment) },
      ],
      ERR_MSG: itemPhrase,
    });
    this.leave();
  });

  /** data := 'data' name record */
  readonly data = this.RULE('data', () => {
    this.CONSUME(t.Data);
    this.CONSUME(t.Identifier);
    this.SUBRULE(this.record);
  });

  /** record := '{' (entry ','?)* '}' */
  readonly record = this.RULE('record', () => {
    this.CONSUME(t.LeftBrace);
    this.MANY({
      GATE: () => !this.beginsOuterItem(),
      DEF: () => {
        this.SUBRULE(this.entry);
        this.OPTION(() => this.CONSUME(t.Comma));
      },
    });
    this.CONSUME(t.RightBrace);
  });

  /** entry := name ':' expression */
  readonly entry = this.RULE('entry', () => {
    this.enter('entry');
    this.CONSUME(t.Identifier);
    this.CONSUME(t.Colon);
    this.SUBRULE(this.expression);
    this.leave();
  });

  /** loadItem := 'load' name 'from' string ('naming' string)? */
  readonly loadItem = this.RULE('loadItem', () => {
    this.CONSUME(t.Load);
    this.CONSUME(t.Identifier);
    this.CONSUME(t.From);
    this.CONSUME1(t.StringText);
    this.OPTION({
      // On a new line it may be the name of an assignment.
      GATE: () => !tokenMatcher(this.LA(2), t.Equal),
      DEF: () => {
        this.CONSUME(t.Naming);
        this.CONSUME2(t.StringText);
      },
    });
  });

  /** names := name (',' name)* */
  readonly names = this.RULE('names', () => {
    this.CONSUME1(t.Identifier);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.CONSUME2(t.Identifier);
    });
  });

  /** loss := 'loss' names '=' expression */
  readonly loss = this.RULE('loss', () => {
    this.CONSUME(t.Loss);
    this.SUBRULE(this.names);
    this.CONSUME(t.Equal);
    this.SUBRULE(this.expression);
  });

  /** train := 'train' '{' (setting ','?)* '}' */
  readonly train = this.RULE('train', () => {
    this.CONSUME(t.Train);
    this.CONSUME(t.LeftBrace);
    this.MANY({
      GATE: () => !this.beginsOuterItem(),
      DEF: () => {
        this.SUBRULE(this.setting);
        this.OPTION(() => this.CONSUME(t.Comma));
      },
    });
    this.CONSUME(t.RightBrace);
  });

  /** setting := optimize | entry */
  readonly setting = this.RULE('setting', () => {
    this.enter('entry');
    this.OR({
      MAX_LOOKAHEAD: 1,
      IGNORE_AMBIGUITIES: true,
      DEF: [
        {
          GATE: () => !tokenMatcher(this.LA(2), t.Colon),
          ALT: () => this.SUBRULE(this.optimize),
        },
        { ALT: () => this.SUBRULE(this.entry) },
      ],
      ERR_MSG: "a setting, 'optimize' or a closing '}'",
    });
    this.leave();
  });

  /** optimize := 'optimize' names 'with' expression */
  readonly optimize = this.RULE('optimize', () => {
    this.CONSUME(t.Optimize);
    this.SUBRULE(this.names);
    this.CONSUME(t.With);
    this.SUBRULE(this.expression);
  });

  /**
   * Holds when the next token is an expression by itself. Most are: going to it at once spares the twelve rules of the operators
   * between an expression and a primary.
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
        // As many rules lead from here to the next expression in brackets.
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
    this.OPTION1({
      GATE: () => !tokenMatcher(this.LA(1), t.RightParenthesis),
      DEF: () => {
        this.SUBRULE1(this.argument);
        this.MANY({
          MAX_LOOKAHEAD: 1,
          GATE: () => !tokenMatcher(this.LA(2), t.RightParenthesis),
          DEF: () => {
            this.CONSUME1(t.Comma);
            this.SUBRULE2(this.argument);
          },
        });
        this.OPTION2(() => this.CONSUME2(t.Comma));
      },
    });
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
            ALT: () => {
              this.MANY({
                MAX_LOOKAHEAD: 1,
                GATE: () => !tokenMatcher(this.LA(2), t.RightBracket),
                DEF: () => {
                  this.CONSUME1(t.Comma);
                  this.SUBRULE2(this.expression);
                },
              });
              this.OPTION2(() => this.CONSUME2(t.Comma));
            },
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
