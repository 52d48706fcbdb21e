/** The types of the concrete syntax tree. Generated from the grammar: `npx vitest run test/dsl -u` renews it. */
import type { CstNode, IToken } from 'chevrotain';

export interface ExpressionCstNode extends CstNode {
  name: 'expression';
  children: ExpressionCstChildren;
}

export type ExpressionCstChildren = {
  conditional?: ConditionalCstNode[];
  primary?: PrimaryCstNode[];
  pipeline?: PipelineCstNode[];
};

export interface ConditionalCstNode extends CstNode {
  name: 'conditional';
  children: ConditionalCstChildren;
}

export type ConditionalCstChildren = {
  If: IToken[];
  expression: ExpressionCstNode[];
  Then: IToken[];
  Else: IToken[];
};

export interface PipelineCstNode extends CstNode {
  name: 'pipeline';
  children: PipelineCstChildren;
}

export type PipelineCstChildren = {
  disjunction: DisjunctionCstNode[];
  Pipe?: IToken[];
  stage?: StageCstNode[];
};

export interface StageCstNode extends CstNode {
  name: 'stage';
  children: StageCstChildren;
}

export type StageCstChildren = {
  Identifier: IToken[];
  stageSuffix?: StageSuffixCstNode[];
  arguments?: ArgumentsCstNode[];
  label?: LabelCstNode[];
};

export interface StageSuffixCstNode extends CstNode {
  name: 'stageSuffix';
  children: StageSuffixCstChildren;
}

export type StageSuffixCstChildren = {
  member?: MemberCstNode[];
  index?: IndexCstNode[];
};

export interface DisjunctionCstNode extends CstNode {
  name: 'disjunction';
  children: DisjunctionCstChildren;
}

export type DisjunctionCstChildren = {
  conjunction: ConjunctionCstNode[];
  Or?: IToken[];
};

export interface ConjunctionCstNode extends CstNode {
  name: 'conjunction';
  children: ConjunctionCstChildren;
}

export type ConjunctionCstChildren = {
  negation: NegationCstNode[];
  And?: IToken[];
};

export interface NegationCstNode extends CstNode {
  name: 'negation';
  children: NegationCstChildren;
}

export type NegationCstChildren = {
  Not?: IToken[];
  negation?: NegationCstNode[];
  comparison?: ComparisonCstNode[];
};

export interface ComparisonCstNode extends CstNode {
  name: 'comparison';
  children: ComparisonCstChildren;
}

export type ComparisonCstChildren = {
  sum: SumCstNode[];
  ComparisonOperator?: IToken[];
};

export interface SumCstNode extends CstNode {
  name: 'sum';
  children: SumCstChildren;
}

export type SumCstChildren = {
  product: ProductCstNode[];
  AdditiveOperator?: IToken[];
};

export interface ProductCstNode extends CstNode {
  name: 'product';
  children: ProductCstChildren;
}

export type ProductCstChildren = {
  unary: UnaryCstNode[];
  MultiplicativeOperator?: IToken[];
};

export interface UnaryCstNode extends CstNode {
  name: 'unary';
  children: UnaryCstChildren;
}

export type UnaryCstChildren = {
  Minus?: IToken[];
  unary?: UnaryCstNode[];
  power?: PowerCstNode[];
};

export interface PowerCstNode extends CstNode {
  name: 'power';
  children: PowerCstChildren;
}

export type PowerCstChildren = {
  postfix: PostfixCstNode[];
  Power?: IToken[];
  unary?: UnaryCstNode[];
};

export interface PostfixCstNode extends CstNode {
  name: 'postfix';
  children: PostfixCstChildren;
}

export type PostfixCstChildren = {
  primary: PrimaryCstNode[];
  suffix?: SuffixCstNode[];
};

export interface SuffixCstNode extends CstNode {
  name: 'suffix';
  children: SuffixCstChildren;
}

export type SuffixCstChildren = {
  arguments?: ArgumentsCstNode[];
  label?: LabelCstNode[];
  member?: MemberCstNode[];
  index?: IndexCstNode[];
};

export interface ArgumentsCstNode extends CstNode {
  name: 'arguments';
  children: ArgumentsCstChildren;
}

export type ArgumentsCstChildren = {
  LeftParenthesis: IToken[];
  argument?: ArgumentCstNode[];
  Comma?: IToken[];
  RightParenthesis: IToken[];
};

export interface ArgumentCstNode extends CstNode {
  name: 'argument';
  children: ArgumentCstChildren;
}

export type ArgumentCstChildren = {
  Identifier?: IToken[];
  Colon?: IToken[];
  expression: ExpressionCstNode[];
};

export interface MemberCstNode extends CstNode {
  name: 'member';
  children: MemberCstChildren;
}

export type MemberCstChildren = {
  Dot: IToken[];
  Identifier: IToken[];
};

export interface IndexCstNode extends CstNode {
  name: 'index';
  children: IndexCstChildren;
}

export type IndexCstChildren = {
  LeftBracket: IToken[];
  expression: ExpressionCstNode[];
  RightBracket: IToken[];
};

export interface LabelCstNode extends CstNode {
  name: 'label';
  children: LabelCstChildren;
}

export type LabelCstChildren = {
  As: IToken[];
  Identifier: IToken[];
  index?: IndexCstNode[];
};

export interface PrimaryCstNode extends CstNode {
  name: 'primary';
  children: PrimaryCstChildren;
}

export type PrimaryCstChildren = {
  NumberText?: IToken[];
  SizeText?: IToken[];
  StringText?: IToken[];
  True?: IToken[];
  False?: IToken[];
  None?: IToken[];
  Identifier?: IToken[];
  list?: ListCstNode[];
  LeftParenthesis?: IToken[];
  expression?: ExpressionCstNode[];
  RightParenthesis?: IToken[];
};

export interface ListCstNode extends CstNode {
  name: 'list';
  children: ListCstChildren;
}

export type ListCstChildren = {
  LeftBracket: IToken[];
  expression?: ExpressionCstNode[];
  comprehension?: ComprehensionCstNode[];
  Comma?: IToken[];
  RightBracket: IToken[];
};

export interface ComprehensionCstNode extends CstNode {
  name: 'comprehension';
  children: ComprehensionCstChildren;
}

export type ComprehensionCstChildren = {
  For: IToken[];
  Identifier: IToken[];
  In: IToken[];
  expression: ExpressionCstNode[];
  If?: IToken[];
};

export interface BlockCstNode extends CstNode {
  name: 'block';
  children: BlockCstChildren;
}

export type BlockCstChildren = {
  Block?: IToken[];
  Network?: IToken[];
  Identifier: IToken[];
  definition?: DefinitionCstNode[];
  Equal?: IToken[];
};

export interface DefinitionCstNode extends CstNode {
  name: 'definition';
  children: DefinitionCstChildren;
}

export type DefinitionCstChildren = {
  parameters: ParametersCstNode[];
  Arrow?: IToken[];
  type?: TypeCstNode[];
  body: BodyCstNode[];
};

export interface ParametersCstNode extends CstNode {
  name: 'parameters';
  children: ParametersCstChildren;
}

export type ParametersCstChildren = {
  LeftParenthesis: IToken[];
  parameter?: ParameterCstNode[];
  Comma?: IToken[];
  RightParenthesis: IToken[];
};

export interface ParameterCstNode extends CstNode {
  name: 'parameter';
  children: ParameterCstChildren;
}

export type ParameterCstChildren = {
  Identifier: IToken[];
  Colon?: IToken[];
  type?: TypeCstNode[];
  Equal?: IToken[];
  expression?: ExpressionCstNode[];
};

export interface TypeCstNode extends CstNode {
  name: 'type';
  children: TypeCstChildren;
}

export type TypeCstChildren = {
  Identifier: IToken[];
  Question?: IToken[];
};

export interface BodyCstNode extends CstNode {
  name: 'body';
  children: BodyCstChildren;
}

export type BodyCstChildren = {
  LeftBrace: IToken[];
  statement?: StatementCstNode[];
  RightBrace: IToken[];
};

export interface StatementCstNode extends CstNode {
  name: 'statement';
  children: StatementCstChildren;
}

export type StatementCstChildren = {
  assignment?: AssignmentCstNode[];
  letStatement?: LetStatementCstNode[];
  returnStatement?: ReturnStatementCstNode[];
  ifStatement?: IfStatementCstNode[];
  forStatement?: ForStatementCstNode[];
};

export interface AssignmentCstNode extends CstNode {
  name: 'assignment';
  children: AssignmentCstChildren;
}

export type AssignmentCstChildren = {
  Identifier: IToken[];
  Equal: IToken[];
  expression: ExpressionCstNode[];
};

export interface LetStatementCstNode extends CstNode {
  name: 'letStatement';
  children: LetStatementCstChildren;
}

export type LetStatementCstChildren = {
  Let: IToken[];
  Identifier: IToken[];
  Equal: IToken[];
  expression: ExpressionCstNode[];
};

export interface ReturnStatementCstNode extends CstNode {
  name: 'returnStatement';
  children: ReturnStatementCstChildren;
}

export type ReturnStatementCstChildren = {
  Return: IToken[];
  expression: ExpressionCstNode[];
};

export interface IfStatementCstNode extends CstNode {
  name: 'ifStatement';
  children: IfStatementCstChildren;
}

export type IfStatementCstChildren = {
  If: IToken[];
  expression: ExpressionCstNode[];
  body: BodyCstNode[];
  Else?: IToken[];
};

export interface ForStatementCstNode extends CstNode {
  name: 'forStatement';
  children: ForStatementCstChildren;
}

export type ForStatementCstChildren = {
  For: IToken[];
  Identifier: IToken[];
  In: IToken[];
  expression: ExpressionCstNode[];
  body: BodyCstNode[];
};

export interface ExperimentCstNode extends CstNode {
  name: 'experiment';
  children: ExperimentCstChildren;
}

export type ExperimentCstChildren = {
  Experiment: IToken[];
  Identifier: IToken[];
  experimentBody?: ExperimentBodyCstNode[];
  Equal?: IToken[];
  With?: IToken[];
  changes?: ChangesCstNode[];
};

export interface ExperimentBodyCstNode extends CstNode {
  name: 'experimentBody';
  children: ExperimentBodyCstChildren;
}

export type ExperimentBodyCstChildren = {
  LeftBrace: IToken[];
  item?: ItemCstNode[];
  RightBrace: IToken[];
};

export interface ItemCstNode extends CstNode {
  name: 'item';
  children: ItemCstChildren;
}

export type ItemCstChildren = {
  data?: DataCstNode[];
  loadItem?: LoadItemCstNode[];
  loss?: LossCstNode[];
  train?: TrainCstNode[];
  letStatement?: LetStatementCstNode[];
  assignment?: AssignmentCstNode[];
};

export interface DataCstNode extends CstNode {
  name: 'data';
  children: DataCstChildren;
}

export type DataCstChildren = {
  Data: IToken[];
  Identifier: IToken[];
  record: RecordCstNode[];
};

export interface RecordCstNode extends CstNode {
  name: 'record';
  children: RecordCstChildren;
}

export type RecordCstChildren = {
  LeftBrace: IToken[];
  entry?: EntryCstNode[];
  Comma?: IToken[];
  RightBrace: IToken[];
};

export interface EntryCstNode extends CstNode {
  name: 'entry';
  children: EntryCstChildren;
}

export type EntryCstChildren = {
  Identifier: IToken[];
  Colon: IToken[];
  expression: ExpressionCstNode[];
};

export interface LoadItemCstNode extends CstNode {
  name: 'loadItem';
  children: LoadItemCstChildren;
}

export type LoadItemCstChildren = {
  Load: IToken[];
  Identifier: IToken[];
  From: IToken[];
  StringText: IToken[];
  Naming?: IToken[];
};

export interface LossCstNode extends CstNode {
  name: 'loss';
  children: LossCstChildren;
}

export type LossCstChildren = {
  Loss: IToken[];
  names: NamesCstNode[];
  Equal: IToken[];
  expression: ExpressionCstNode[];
};

export interface NamesCstNode extends CstNode {
  name: 'names';
  children: NamesCstChildren;
}

export type NamesCstChildren = {
  Identifier: IToken[];
  Comma?: IToken[];
};

export interface TrainCstNode extends CstNode {
  name: 'train';
  children: TrainCstChildren;
}

export type TrainCstChildren = {
  Train: IToken[];
  LeftBrace: IToken[];
  setting?: SettingCstNode[];
  Comma?: IToken[];
  RightBrace: IToken[];
};

export interface SettingCstNode extends CstNode {
  name: 'setting';
  children: SettingCstChildren;
}

export type SettingCstChildren = {
  optimize?: OptimizeCstNode[];
  entry?: EntryCstNode[];
};

export interface OptimizeCstNode extends CstNode {
  name: 'optimize';
  children: OptimizeCstChildren;
}

export type OptimizeCstChildren = {
  Optimize: IToken[];
  names: NamesCstNode[];
  With: IToken[];
  expression: ExpressionCstNode[];
};

export interface ChangesCstNode extends CstNode {
  name: 'changes';
  children: ChangesCstChildren;
}

export type ChangesCstChildren = {
  LeftBrace: IToken[];
  change?: ChangeCstNode[];
  Comma?: IToken[];
  RightBrace: IToken[];
};

export interface ChangeCstNode extends CstNode {
  name: 'change';
  children: ChangeCstChildren;
}

export type ChangeCstChildren = {
  override?: OverrideCstNode[];
  item?: ItemCstNode[];
};

export interface OverrideCstNode extends CstNode {
  name: 'override';
  children: OverrideCstChildren;
}

export type OverrideCstChildren = {
  path: PathCstNode[];
  Equal: IToken[];
  expression: ExpressionCstNode[];
};

export interface PathCstNode extends CstNode {
  name: 'path';
  children: PathCstChildren;
}

export type PathCstChildren = {
  Identifier: IToken[];
  Dot?: IToken[];
};

export interface AblationCstNode extends CstNode {
  name: 'ablation';
  children: AblationCstChildren;
}

export type AblationCstChildren = {
  Ablation: IToken[];
  Identifier: IToken[];
  Of: IToken[];
  ablationBody: AblationBodyCstNode[];
};

export interface AblationBodyCstNode extends CstNode {
  name: 'ablationBody';
  children: AblationBodyCstChildren;
}

export type AblationBodyCstChildren = {
  LeftBrace: IToken[];
  part?: PartCstNode[];
  RightBrace: IToken[];
};

export interface PartCstNode extends CstNode {
  name: 'part';
  children: PartCstChildren;
}

export type PartCstChildren = {
  shared?: SharedCstNode[];
  case?: CaseCstNode[];
  exclusion?: ExclusionCstNode[];
  seeds?: SeedsCstNode[];
  axis?: AxisCstNode[];
};

export interface SharedCstNode extends CstNode {
  name: 'shared';
  children: SharedCstChildren;
}

export type SharedCstChildren = {
  With: IToken[];
  changes: ChangesCstNode[];
};

export interface CaseCstNode extends CstNode {
  name: 'case';
  children: CaseCstChildren;
}

export type CaseCstChildren = {
  Case: IToken[];
  Identifier: IToken[];
  changes: ChangesCstNode[];
};

export interface ExclusionCstNode extends CstNode {
  name: 'exclusion';
  children: ExclusionCstChildren;
}

export type ExclusionCstChildren = {
  Except: IToken[];
  matching: MatchingCstNode[];
  And?: IToken[];
};

export interface MatchingCstNode extends CstNode {
  name: 'matching';
  children: MatchingCstChildren;
}

export type MatchingCstChildren = {
  path: PathCstNode[];
  EqualEqual?: IToken[];
  sum?: SumCstNode[];
  In?: IToken[];
  values?: ValuesCstNode[];
};

export interface SeedsCstNode extends CstNode {
  name: 'seeds';
  children: SeedsCstChildren;
}

export type SeedsCstChildren = {
  Seeds: IToken[];
  Colon: IToken[];
  expression: ExpressionCstNode[];
};

export interface AxisCstNode extends CstNode {
  name: 'axis';
  children: AxisCstChildren;
}

export type AxisCstChildren = {
  Identifier?: IToken[];
  Colon?: IToken[];
  path: PathCstNode[];
  In: IToken[];
  values?: ValuesCstNode[];
  record?: RecordCstNode[];
};

export interface ValuesCstNode extends CstNode {
  name: 'values';
  children: ValuesCstChildren;
}

export type ValuesCstChildren = {
  LeftBracket: IToken[];
  expression?: ExpressionCstNode[];
  Comma?: IToken[];
  RightBracket: IToken[];
};

export interface FileCstNode extends CstNode {
  name: 'file';
  children: FileCstChildren;
}

export type FileCstChildren = {
  use?: UseCstNode[];
  block?: BlockCstNode[];
  experiment?: ExperimentCstNode[];
  ablation?: AblationCstNode[];
};

export interface UseCstNode extends CstNode {
  name: 'use';
  children: UseCstChildren;
}

export type UseCstChildren = {
  Use: IToken[];
  modulePath?: ModulePathCstNode[];
  StringText?: IToken[];
  LeftBrace: IToken[];
  Identifier: IToken[];
  Comma?: IToken[];
  RightBrace: IToken[];
};

export interface ModulePathCstNode extends CstNode {
  name: 'modulePath';
  children: ModulePathCstChildren;
}

export type ModulePathCstChildren = {
  Identifier: IToken[];
  Slash?: IToken[];
};
