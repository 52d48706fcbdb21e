/** Applies changes by path: `G.norm` is an argument of a call, `data.size` a setting, `loss.G.l1` a summand. */
import { brokenInvariant } from '../../dsl/errors.ts';
import type {
  Argument,
  Assignment,
  Call,
  Data,
  Entry,
  Expression,
  Let,
  Loss,
  Name,
  Optimize,
  Override,
  Train,
} from '../../dsl/ast.ts';
import type { Diagnostic } from '../../dsl/diagnostic.ts';
import { replacing, type Hint } from '../../dsl/fix.ts';
import type { Span } from '../../dsl/source.ts';
import { builtins } from '../language/builtins/index.ts';
import * as expandMessages from '../language/values/messages.ts';
import {
  isFactor,
  namelessTerm,
  sumOf,
  summandsOf,
  termName,
  withCall,
  withFactor,
} from '../language/terms.ts';
import {
  applyData,
  applyLoss,
  applyTrain,
  bind,
  isBinding,
  leaveOut,
  type Items,
  type MergeContext,
} from './items.ts';
import { carriedOver } from '../messages/carried-over.ts';
import { settingNames } from '../schema/spec.ts';
import * as messages from './messages.ts';
import { pathsTo } from './paths.ts';

/** The sections of an experiment that can begin a path. */
const sections = ['data', 'train', 'optimize', 'loss'];

/** Applies a change by path; a path that leads nowhere is reported and changes nothing. */
export function applyOverride(items: Items, override: Override, context: MergeContext): Items {
  return new Overriding(items, override, context).apply();
}

/** Reports a path whose first name the experiment does not bind, with a hint on the likely meaning. */
export function notBound(name: Name, path: readonly Name[], items: Items): Diagnostic {
  if (sections.includes(name.text)) return messages.changedInParts(name.text, name.span);
  const known = [...items.filter(isBinding).map((one) => one.name.text), ...sections];
  return messages.unknownPath(name.text, 'the experiment', name.span, known, wholePath(path, items));
}

/** Suggests the full paths that end with an incomplete one. */
function wholePath(path: readonly Name[], items: Items): Hint | undefined {
  const name = path.at(-1)?.text ?? '';
  // After another name, an argument of a network would belong to another network.
  const isMeant = (one: string): boolean => path.length === 1 || /^(data|train)\./.test(one);
  const [paths = []] = [name, ...carriedOver(name)]
    .map((one) => pathsTo(one, items).filter(isMeant))
    .filter(({ length }) => length > 0);
  const [first, ...others] = paths;
  if (first === undefined) return undefined;
  return others.length === 0 ? replacing(spanOf(path), first) : messages.severalPaths(paths);
}

class Overriding {
  constructor(
    private readonly items: Items,
    private readonly override: Override,
    private readonly context: MergeContext,
  ) {}

  apply(): Items {
    const [head, second, ...rest] = this.override.path;
    if (second === undefined) return this.wholeBinding(head);
    switch (head.text) {
      case 'data':
      case 'train':
        return this.setting(head, second, rest);
      case 'optimize':
        return this.optimizer(second, rest);
      case 'loss':
        return this.loss(second, rest);
      default: {
        const binding = this.binding(head);
        const changed = binding && this.descend(binding.value, [second, ...rest], [head]);
        return changed ? bind(this.items, { ...binding, value: changed }) : this.items;
      }
    }
  }

  private fail(diagnostic: Diagnostic): undefined {
    this.context.report(diagnostic);
    return undefined;
  }

  private binding(name: Name): Let | Assignment | undefined {
    const found = this.items.filter(isBinding).find((one) => one.name.text === name.text);
    return found ?? this.fail(notBound(name, this.override.path, this.items));
  }

  private wholeBinding(name: Name): Items {
    const { value } = this.override;
    const binding = this.binding(name);
    if (!binding) return this.items;
    if (binding.kind === 'let' && value.kind === 'none') return leaveOut(this.items, name, this.context);
    return bind(this.items, { ...binding, name, value });
  }

  /** `data.size`, `train.steps`: a new setting may be added; the schema checks its name. */
  private setting(section: Name, name: Name, rest: readonly Name[]): Items {
    const { span, comments, value } = this.override;
    const entry: Entry = { kind: 'entry', name, value, comments, span };
    if (rest.length > 0) {
      // Optimizers are written in `train`, but have their own paths.
      const own =
        name.text === 'optimize'
          ? replacing(spanOf([section, name]), name.text, (text) => `write ${text}.${textOf(rest)}`)
          : this.settingBehind(section, name, rest);
      this.fail(messages.pathTooLong(`${section.text}.${name.text}`, spanOf(rest), own));
      return this.items;
    }
    const kind = section.text === 'data' ? 'data' : 'train';
    const item = this.items.find((one): one is Data | Train => one.kind === kind);
    if (item?.kind === 'data')
      return applyData(this.items, { ...item, settings: { ...item.settings, entries: [entry] } });
    if (item?.kind === 'train') return applyTrain(this.items, { ...item, settings: [entry], optimizers: [] });
    this.fail(messages.unknownPath(kind, 'the experiment', section.span, []));
    return this.items;
  }

  /** `data.streets.batch`: the name of a data set is not part of the path. */
  private settingBehind(
    section: Name,
    name: Name,
    [setting, ...others]: readonly Name[],
  ): Hint | string | undefined {
    const kind = section.text === 'data' ? 'data' : 'train';
    if (!setting || settingNames(kind).includes(name.text)) return undefined;
    const isKnown = others.length === 0 && settingNames(kind).includes(setting.text);
    return isKnown
      ? replacing(spanOf([section, name, setting]), `${kind}.${setting.text}`, (text) => `write ${text}`)
      : `a setting stands behind '${kind}': ${kind}.${kind === 'data' ? 'size' : 'steps'} = ...`;
  }

  /** `optimize.G.rate`, or `optimize.G` as a whole. */
  private optimizer(network: Name, rest: readonly Name[]): Items {
    const train = this.items.find((item): item is Train => item.kind === 'train');
    const optimizers = train?.optimizers ?? [];
    const own = optimizers.find(({ networks }) => networks.some(({ text }) => text === network.text));
    if (!train || !own) {
      const known = optimizers.flatMap(({ networks }) => networks.map(({ text }) => text));
      this.fail(messages.unknownPath(network.text, "'optimize'", network.span, known));
      return this.items;
    }
    const optimizer = this.descend(own.optimizer, rest, [this.override.path[0], network]);
    const changed: Optimize | undefined = optimizer && { ...own, networks: [network], optimizer };
    return changed ? applyTrain(this.items, { ...train, settings: [], optimizers: [changed] }) : this.items;
  }

  /** `loss.G` as a whole, `loss.G.l1` for a summand or its factor, `loss.G.perceptual.weights` for an argument of it. */
  private loss(network: Name, [term, ...rest]: readonly Name[]): Items {
    const losses = this.items.filter((item): item is Loss => item.kind === 'loss');
    const own = losses.find(({ networks }) => networks.some(({ text }) => text === network.text));
    if (!own) {
      const known = losses.flatMap(({ networks }) => networks.map(({ text }) => text));
      this.fail(messages.unknownPath(network.text, "'loss'", network.span, known));
      return this.items;
    }
    if (!term && this.override.value.kind === 'none') {
      this.fail(messages.emptyLoss(network.text, spanOf(this.override.path)));
      return this.items;
    }
    const value = term ? this.terms(own, network, term, rest) : this.override.value;
    return value ? applyLoss(this.items, { ...own, value }) : this.items;
  }

  /** Gives a loss with one summand changed. */
  private terms(loss: Loss, network: Name, term: Name, rest: readonly Name[]): Expression | undefined {
    const { value, span, path } = this.override;
    const summands = summandsOf(loss.value);
    const at = summands.findIndex(({ name }) => name === term.text);
    const old = summands[at]?.expression;
    const others = summands.map(({ expression }) => expression);
    if (!old) {
      // A call of exactly this name is not a typo.
      if (rest.length === 0 && !isFactor(value) && termName(value) === term.text)
        return sumOf([...others, value], loss.value.span);
      const known = summands.map(({ name }) => name);
      const called = isFactor(value) || termName(value) === namelessTerm ? undefined : termName(value);
      const hint =
        rest.length === 0 && called !== undefined
          ? replacing(
              term.span,
              called,
              (name) => `what is added goes by what is called: loss.${network.text}.${name}`,
            )
          : `add it as a summand: loss.${network.text}.${term.text} = ${isFactor(value) && value.kind === 'number' ? `${value.value} * ` : ''}${term.text}()`;
      return this.fail(
        messages.unknownPath(term.text, `the loss of ${network.text}`, term.span, known, hint),
      );
    }
    const isGone =
      rest.length === 0 && (value.kind === 'none' || (value.kind === 'number' && value.value === 0));
    if (isGone)
      return (
        sumOf(others.toSpliced(at, 1), loss.value.span) ??
        this.fail(messages.emptyLoss(network.text, spanOf(path)))
      );
    const changed =
      rest.length > 0
        ? withCall(old, (call) => this.descend(call, rest, path.slice(0, 3)))
        : isFactor(value)
          ? withFactor(old, value, span)
          : value;
    return changed && sumOf(others.with(at, changed), loss.value.span);
  }

  /** Changes the part of an expression that a path leads to; `walked` is the path so far. */
  private descend(
    expression: Expression,
    rest: readonly Name[],
    walked: readonly Name[],
  ): Expression | undefined {
    const [name, ...deeper] = rest;
    if (name === undefined) return this.override.value;
    const call = this.asCall(expression);
    if (!call)
      return this.fail(messages.notWrittenAsCall(textOf(walked), name.text, name.span, expression.span));
    const at = this.argumentAt(call, name.text);
    const old = call.arguments[at];
    let value: Expression | undefined = this.override.value;
    if (deeper.length > 0) {
      const current = old?.value ?? this.defaultOf(call, name, [...walked, name], deeper);
      value = current && this.descend(current, deeper, [...walked, name]);
    }
    if (!value) return undefined;
    const { span } = this.override;
    if (old) {
      const changed = deeper.length > 0 ? { value } : { value, span, name: old.name && name };
      return { ...call, arguments: call.arguments.with(at, { ...old, ...changed }) };
    }
    const argument: Argument = { kind: 'argument', name, value, span };
    return { ...call, arguments: [...call.arguments, argument] };
  }

  /**
   * Reads an expression as a call: `spade` means `spade()`, and a name bound by the experiment is replaced by its
   * value.
   */
  private asCall(expression: Expression, followed: readonly Expression[] = []): Call | undefined {
    if (expression.kind === 'call') return expression;
    if (expression.kind !== 'reference' || followed.includes(expression)) return undefined;
    const bound = this.items.find(
      (item): item is Assignment => item.kind === 'assignment' && item.name.text === expression.name,
    );
    if (bound) return this.asCall(bound.value, [...followed, expression]);
    if (!this.parametersOf(expression)) return undefined;
    const { span } = expression;
    return { kind: 'call', callee: expression, arguments: [], label: undefined, span };
  }

  /** Finds an argument by its name, or by the position of the parameter of that name. */
  private argumentAt({ callee, arguments: list }: Call, name: string): number {
    const named = list.findIndex((argument) => argument.name?.text === name);
    if (named >= 0) return named;
    const position = this.parametersOf(callee)?.findIndex((parameter) => parameter.name === name) ?? -1;
    return list[position]?.name === undefined && position < list.length ? position : -1;
  }

  /** Finds the default of an argument that is not given. */
  private defaultOf(
    { callee }: Call,
    name: Name,
    walked: readonly Name[],
    [next]: readonly Name[],
  ): Expression | undefined {
    const parameters = this.parametersOf(callee);
    const parameter = parameters?.find((one) => one.name === name.text);
    const names = parameters?.map((one) => one.name) ?? [];
    if (parameters && !parameter && callee.kind === 'reference')
      return this.fail(expandMessages.unknownArgument(callee.name, name.text, name.span, names));
    return parameter?.default ?? this.fail(messages.notGiven(textOf(walked), next?.text ?? '', name.span));
  }

  private parametersOf(
    callee: Expression,
  ): { readonly name: string; readonly default: Expression | undefined }[] | undefined {
    if (callee.kind !== 'reference') return undefined;
    const block = this.context.moduleOf(callee.span.source)?.names.get(callee.name)?.block;
    if (block) return block.parameters.map((one) => ({ name: one.name.text, default: one.default }));
    const names = builtins.get(callee.name)?.names;
    return names?.map((name) => ({ name, default: undefined }));
  }
}

/** Gives the span of several names in a row. */
function spanOf(path: readonly Name[]): Span {
  const [first, last] = [path[0], path.at(-1)];
  if (!first || !last) throw brokenInvariant('an empty path');
  return { ...first.span, end: last.span.end };
}

function textOf(path: readonly Name[]): string {
  return path.map(({ text }) => text).join('.');
}
