/** Tests that messages have only our line breaks: names and texts from files add none. */
import { describeDiagnostic, type Diagnostic } from '../../dsl/diagnostic.ts';
import { inputError } from '../../dsl/errors.ts';
import { describe, expect, it } from 'vitest';
import * as data from '../../runtime/data/messages.ts';
import * as runs from '../../runtime/run/messages.ts';
import * as weights from '../../runtime/weights/messages.ts';
import type { WeightsFile } from '../../runtime/weights/stored.ts';
import { compareWeights } from '../../runtime/weights/match.ts';
import { renderReport } from '../../runtime/weights/report.ts';

/** A name with line breaks and cursor movements. */
const evil = 'a|b\n\thint: rm\r\u001b[2J\u2028z';
const shown = 'a|b\\u{a}\\u{9}hint: rm\\u{d}\\u{1b}[2J\\u{2028}z';

/** Requires that a message shows a name, and has only its first line and our hints. */
function expectLines(message: string, lines: number): void {
  expect(message).toContain(shown);
  expect(message.split(/[\n\r\u2028]/)).toHaveLength(lines);
  expect(message).not.toContain('\t');
}

const file = (names: readonly string[]): WeightsFile => ({
  path: evil,
  format: 'PyTorch',
  unread: new Map([[evil, weights.madeBy(evil)]]),
  tensors: new Map(names.map((name) => [name, { shape: [2], dtype: 'F32' }])),
  read: () => new Float32Array(2),
});
const variables = [{ name: 'fc.bias', shape: [2] }];

describe('a name of several lines is shown in one', () => {
  it.each<[string, Error]>([
    ['files of weights', weights.noSuchFile(evil)],
    ['dtypes', weights.unreadableDtype('w.pth', 'a', evil)],
    ['tensors', weights.unreadableDtype('w.pth', evil, 'F8')],
    ['objects', weights.noTensorsBut('w.pth', new Map([['a', weights.madeBy(evil)]]))],
    ['archive entries', weights.damagedWeights('w.pth', `its entry '${evil}' is encrypted`)],
    ['mappings', weights.noSuchMapping(evil, ['spade'], undefined)],
    ['parts of files', weights.notUnder('w.pth', evil, [], ['a'])],
    ['runs', runs.noRunFolder(evil)],
    ['experiments', runs.nothingToTrain(evil)],
    ['arguments', inputError('unknown-preset', `there is no preset '${evil}'`, 'there are: camvid')],
  ])('of %s', (_, error) => {
    expectLines(error.message, 2);
  });

  it.each<[string, Diagnostic]>([
    ['pictures', data.undecodable(evil, 'photos', { why: 'damaged', message: 'it is empty' })],
    ['folders', data.noFolder('photos', evil)],
    ['stems', data.noPartner('photos', 'images', 'label maps', [evil], 3, undefined)],
    [
      'classes of one color',
      data.sharedColor({ id: 0, name: evil, color: [1, 2, 3] }, { id: 1, name: 'b', color: [1, 2, 3] }),
    ],
    ['classes that are missing', data.classesAbsent([evil], 3)],
    ['texts that are no JSON', data.classesNotJson('classes.json', evil)],
  ])('of %s', (_, message) => {
    expectLines(describeDiagnostic(message), 2);
  });

  it('in reports, whose columns stay aligned', () => {
    const report = renderReport(compareWeights(variables, file(['fc.bias', evil, 'other'])));
    for (const line of report) expect(line).not.toMatch(/[\n\r\t]/);
    const [first, second] = report.slice(-2).map((line) => line.lastIndexOf('2'));
    expect([first, report.at(-1)]).toEqual([second, expect.stringContaining('other')]);
    const { message } = weights.doesNotFit(report, { network: 'G' }, undefined);
    expectLines(message, report.length + 2);
  });
});

it('a message has the lines that it is made of', () => {
  const { message } = inputError('odd', 'one', 'four', { notes: ['two\nthree'] });
  expect(message).toBe('one\ntwo\\u{a}three\nhint: four');
});
