/** The grammar of experiments: data, networks, losses, training, and the changes of a variant. */
import { tokenLabel, tokenMatcher } from 'chevrotain';
import { BlockGrammar } from './grammar-of-blocks.ts';
import { itemPhrase } from './messages.ts';
import * as t from './tokens.ts';

export abstract class ExperimentGrammar extends BlockGrammar {
  /** Holds if the next line is an item of the experiment: then the settings above it lack their closing brace. */
  private beginsOuterItem(): boolean {
    return !this.onSameLine() && this.beginsItem() && !tokenMatcher(this.LA(2), t.Colon);
  }

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
      // The likely mistake is a missing brace.
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

  /** loss := 'loss' names '=' expression */
  readonly loss = this.RULE('loss', () => {
    this.CONSUME(t.Loss);
    this.SUBRULE(this.names);
    this.CONSUME(t.Equal);
    this.SUBRULE(this.expression);
  });

  /** names := name (',' name)* */
  readonly names = this.RULE('names', () => {
    this.CONSUME1(t.Identifier);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.CONSUME2(t.Identifier);
    });
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
}
