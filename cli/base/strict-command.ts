/**
 * Parses command lines more strictly than commander: rejects empty arguments, such as unset shell variables leave, and
 * repeated options, and gives hints for unknown options.
 */
import { Command, Option } from 'commander';
import { suggest } from '../../dsl/suggest.ts';

/** An option that may be repeated. */
export class RepeatableOption extends Option {}

/** Gives a hint for an unknown option of a command with the options `known`; undefined if there is none. */
export type PointerFor = (option: string, command: string, known: readonly string[]) => string | undefined;

/** A command that checks its arguments before it acts. */
export class StrictCommand extends Command {
  private readonly given = new Set<Option>();

  constructor(
    name?: string,
    private readonly pointerFor: PointerFor = () => undefined,
  ) {
    super(name);
    this.hook('preAction', (holder, acting) => {
      if (holder === acting) this.checkArguments();
    });
  }

  override createCommand(name?: string): StrictCommand {
    return new StrictCommand(name, this.pointerFor);
  }

  /** Adds an option; each of its values is checked when it is read. */
  override addOption(option: Option): this {
    if (option.required || option.optional)
      this.on(`option:${option.name()}`, (value: string | null) => this.checkValue(option, value));
    return super.addOption(option);
  }

  /** Parses options. An unknown option is reported before a missing one, since it may be the missing one misspelled. */
  override parseOptions(words: string[]): ReturnType<Command['parseOptions']> {
    const parsed = super.parseOptions(words);
    const [first] = parsed.unknown;
    const asksForHelp = parsed.unknown.some((word) => word === '-h' || word === '--help');
    if (this.commands.length === 0 && first !== undefined && !asksForHelp) this.unknownOption(first);
    return parsed;
  }

  /** Rejects an option; commander calls this as well. */
  unknownOption(word: string): never {
    const [name = ''] = word.split('=', 1);
    const known = this.createHelp()
      .visibleOptions(this)
      .flatMap(({ long }) => long ?? []);
    const near = nearOption(name, known);
    const hint = near === undefined ? this.pointerFor(name, this.name(), known) : `did you mean ${near}?`;
    return this.refuse(`unknown option '${name}'`, hint, 'unknownOption');
  }

  private checkValue(option: Option, value: string | null): void {
    const what = `option '${option.flags}'`;
    if (value !== null) this.checkText(what, value);
    if (this.given.has(option) && !(option instanceof RepeatableOption) && !option.variadic)
      this.refuse(`${what} is given twice`, 'it takes one value: leave one of them out', 'repeatedOption');
    this.given.add(option);
  }

  private checkArguments(): void {
    for (const [index, value] of this.args.entries()) {
      const argument = this.registeredArguments[index] ?? this.registeredArguments.at(-1);
      this.checkText(`argument '${argument?.name() ?? index + 1}'`, value);
    }
  }

  private checkText(what: string, value: string): void {
    if (value === '')
      this.refuse(`${what} is empty`, 'a variable of the shell may be unset: give a value', 'badValue');
    if (value.includes('\0')) this.refuse(`${what} holds a NUL character`, undefined, 'badValue');
  }

  private refuse(message: string, hint: string | undefined, code: string): never {
    return this.error(`error: ${message}${hint === undefined ? '' : `\nhint: ${hint}`}`, {
      code: `spadework.${code}`,
    });
  }
}

/** Finds the intended option: a misspelled name, or a name with more or fewer words at its end. */
function nearOption(name: string, known: readonly string[]): string | undefined {
  if (!name.startsWith('--')) return undefined;
  const bare = (option: string): string => option.slice(2);
  const near = suggest(bare(name), known.map(bare));
  if (near !== undefined) return `--${near}`;
  const isLonger = (long: string, short: string): boolean => long.startsWith(short) && bare(short).length > 2;
  return known.find((option) => isLonger(name, `${option}-`) || isLonger(option, name));
}
