import { describe } from 'vitest';
import { testOperatorsOn } from './operators-tests.ts';

describe('operators and statistics on the portable engine', () => testOperatorsOn('portable'));
