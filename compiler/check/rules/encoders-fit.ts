/** Checks the codes of a spec written as JSON: each is what an earlier network makes of the photograph. */
import type { Diagnostic } from '../../../dsl/diagnostic.ts';
import { shapeOfPictures, whyNoEncoder } from '../../format/queries.ts';
import type { EncodedInput, NetworkSpec, Spec } from '../../format/types.ts';
import * as messages from './messages.ts';
import { shapesOfResult } from './scratch.ts';
import type { Rule, Locate } from './rule.ts';

export const encodersFit: Rule = {
  name: 'encoders-fit',
  check: (spec, locate) =>
    spec.networks.flatMap(({ inputs }, network) =>
      inputs.flatMap((input, index) =>
        input.kind === 'encoded'
          ? checkInput(spec, network, input, `/networks/${network}/inputs/${index}`, locate)
          : [],
      ),
    ),
};

function checkInput(
  spec: Spec,
  user: number,
  input: EncodedInput,
  pointer: string,
  locate: Locate,
): Diagnostic[] {
  const earlier = spec.networks.slice(0, user);
  const encoder = earlier.find(({ name }) => name === input.encoder);
  if (!encoder) {
    const names = earlier.map(({ name }) => name);
    return [messages.unknownNetwork(input.encoder, locate(`${pointer}/encoder`, 'value'), names)];
  }
  const why = whyNoEncoder(encoder) ?? whyNoPhotograph(encoder, spec);
  if (why !== undefined)
    return [messages.notAnEncoder(encoder.name, why, locate(`${pointer}/encoder`, 'value'))];
  const found = shapesOfResult(encoder, spec.networks);
  const one = String(input.shape);
  const expected = input.sampled ? [one, one] : [one];
  const isList = Array.isArray(encoder.outputs);
  return isList === input.sampled && String(found.map(String)) === String(expected)
    ? []
    : [
        messages.codeShape(
          encoder.name,
          found,
          input.shape,
          input.sampled,
          locate(`${pointer}/shape`, 'value'),
        ),
      ];
}

/** Names an input of a network that the data's photograph does not fit; undefined if there is none. */
function whyNoPhotograph({ inputs }: NetworkSpec, { data }: Spec): string | undefined {
  if (!data) return undefined;
  const photograph = String(shapeOfPictures(data));
  const other = inputs.find((input) => input.kind === 'tensor' && String(input.shape) !== photograph);
  return other && `takes '${other.name}', which has not the shape [${photograph}] of the photographs`;
}
