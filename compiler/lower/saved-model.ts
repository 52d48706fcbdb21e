/**
 * Encodes the nodes of a TensorFlow graph as a SavedModel (protocol buffers by protobufjs). The messages are the part of
 * TensorFlow's public `core/protobuf` and `core/framework` definitions that we write.
 */
import protobuf from 'protobufjs';
import { isSymbolic } from '../ir/types.ts';
import type { TfAttr, TfDType } from '../ir/emitter.ts';

const definitions = `
syntax = "proto3";
message SavedModel { int64 saved_model_schema_version = 1; repeated MetaGraphDef meta_graphs = 2; }
message MetaGraphDef {
  message MetaInfoDef { repeated string tags = 4; string tensorflow_version = 5; }
  MetaInfoDef meta_info_def = 1;
  GraphDef graph_def = 2;
}
message GraphDef { repeated NodeDef node = 1; VersionDef versions = 4; }
message VersionDef { int32 producer = 1; int32 min_consumer = 2; }
message NodeDef {
  string name = 1; string op = 2; repeated string input = 3; string device = 4; map<string, AttrValue> attr = 5;
}
message AttrValue {
  message ListValue { repeated int64 i = 3 [packed = true]; repeated int32 type = 6 [packed = true]; }
  oneof value {
    bytes s = 2; int64 i = 3; float f = 4; bool b = 5; int32 type = 6; TensorShapeProto shape = 7; TensorProto tensor = 8;
    ListValue list = 1;
  }
}
message TensorShapeProto { message Dim { int64 size = 1; } repeated Dim dim = 2; }
message TensorProto { int32 dtype = 1; TensorShapeProto tensor_shape = 2; bytes tensor_content = 4; }
`;

const savedModelType = protobuf.parse(definitions, { keepCase: true }).root.lookupType('SavedModel');

/** Numbers of TensorFlow's DataType enumeration. */
const dataTypes: Readonly<Record<TfDType, number>> = {
  f32: 1,
  f64: 2,
  i32: 3,
  i64: 9,
  bool: 10,
  bf16: 14,
  u64: 23,
};

export interface TfNode {
  readonly name: string;
  readonly op: string;
  /** Tensor names, and `^node` for control inputs. */
  readonly inputs: readonly string[];
  readonly attrs: Readonly<Record<string, TfAttr | TfConstant>>;
}
export interface TfConstant {
  readonly constant: {
    readonly dtype: 'f32' | 'i32' | 'bool';
    readonly shape: readonly number[];
    readonly values: ArrayLike<number>;
  };
}

/** Encodes a graph as the bytes of `saved_model.pb`, tagged `serve`. */
export function encodeSavedModel(nodes: readonly TfNode[]): Uint8Array {
  const node = nodes.map(({ name, op, inputs, attrs }) => ({
    name,
    op,
    input: inputs,
    attr: Object.fromEntries(Object.entries(attrs).map(([key, value]) => [key, encodeAttr(value)])),
  }));
  const message = savedModelType.create({
    saved_model_schema_version: 1,
    meta_graphs: [
      {
        meta_info_def: { tags: ['serve'] },
        graph_def: { node, versions: { producer: 1882, min_consumer: 12 } },
      },
    ],
  });
  return savedModelType.encode(message).finish();
}

function encodeAttr(attr: TfAttr | TfConstant): object {
  if ('type' in attr) return { type: dataTypes[attr.type] };
  if ('bool' in attr) return { b: attr.bool };
  if ('int' in attr) return { i: attr.int };
  if ('float' in attr) return { f: attr.float };
  if ('string' in attr) return { s: new TextEncoder().encode(attr.string) };
  if ('ints' in attr) return { list: { i: attr.ints } };
  if ('types' in attr) return { list: { type: attr.types.map((type) => dataTypes[type]) } };
  if ('shape' in attr) return { shape: encodeShape(attr.shape) };
  const { dtype, shape, values } = attr.constant;
  const array =
    dtype === 'f32'
      ? Float32Array.from(values)
      : dtype === 'i32'
        ? Int32Array.from(values)
        : Uint8Array.from(values);
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  return { tensor: { dtype: dataTypes[dtype], tensor_shape: encodeShape(shape), tensor_content: bytes } };
}

/** Encodes a shape; -1 is TensorFlow's word for a size that is not known yet. */
function encodeShape(shape: readonly number[]): object {
  return { dim: shape.map((size) => ({ size: isSymbolic(size) ? -1 : size })) };
}
