import { describe } from 'vitest';
import { testLossesOn } from './losses-tests.ts';

describe('losses of the field on the portable engine', () => testLossesOn('portable'));
