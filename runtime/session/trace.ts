/** Reads TensorFlow's traces: extracts kernel times from its RunMetadata, with the node of the program for each. */
import protobuf from 'protobufjs';
import type { Node } from '../../compiler/ir/node.ts';
import { must } from '../../dsl/errors.ts';
import type { KernelTime } from './session.ts';

/** The part of TensorFlow's public `core/protobuf/config.proto` and `core/framework/step_stats.proto` that we read. */
const definitions = `
syntax = "proto3";
message RunMetadata { StepStats step_stats = 1; }
message StepStats { repeated DeviceStepStats dev_stats = 1; }
message DeviceStepStats { repeated NodeExecStats node_stats = 2; }
message NodeExecStats {
  string node_name = 1; int64 all_start_micros = 2; string timeline_label = 8;
  int64 op_start_rel_nanos = 14; int64 op_end_rel_nanos = 15;
}
`;

const metadataType = protobuf.parse(definitions, { keepCase: true }).root.lookupType('RunMetadata');

interface NodeStats {
  readonly node_name: string;
  readonly all_start_micros: number;
  readonly timeline_label: string;
  readonly op_start_rel_nanos: number;
  readonly op_end_rel_nanos: number;
}

/** Reads a serialized RunMetadata; `origins` gives the node of the program for each node of the graph, by name. */
export function readTrace(bytes: Uint8Array, origins: ReadonlyMap<string, Node>): KernelTime[] {
  const { step_stats: stats } = metadataType.toObject(metadataType.decode(bytes), {
    longs: Number,
    defaults: true,
  }) as { step_stats: { dev_stats: { node_stats: NodeStats[] }[] } | null };
  return (stats?.dev_stats ?? []).flatMap(({ node_stats }) =>
    node_stats.map((one): KernelTime => {
      const start = one.all_start_micros / 1e3;
      return {
        node: nodeOf(one.node_name, origins),
        kernel: kernelOf(one),
        start: start + one.op_start_rel_nanos / 1e6,
        end: start + one.op_end_rel_nanos / 1e6,
      };
    }),
  );
}

/** Labels have the form `[memory] name = Kernel(operands)`. */
function kernelOf({ timeline_label: label, node_name: name }: NodeStats): string {
  return / = (\w+)\(/.exec(label)?.[1] ?? name;
}

/**
 * Finds the node for a name. TensorFlow's optimizers make new nodes and name them after those that they replace:
 * `step/ArithmeticOptimizer/AddOpsRewrite_AddV2_12`, `ConstantFolding/step/RealDiv_7_recip`.
 */
export function nodeOf(name: string, origins: ReadonlyMap<string, Node>): Node | undefined {
  const known = origins.get(name);
  if (known) return known;
  const parts = name.split('/').filter((part) => !/Optimizer$|^ConstantFolding$/.test(part));
  for (let length = parts.length; length > 0; length--) {
    const method = parts.slice(0, length - 1);
    for (const [word] of must(parts[length - 1], 'an index of a trace is below its length').matchAll(
      /(?<![A-Za-z0-9])[A-Z][A-Za-z0-9]*_\d+/g,
    )) {
      const node = origins.get([...method, word].join('/'));
      if (node) return node;
    }
  }
  return undefined;
}
