import { describe } from 'vitest';
import { testIterationsOn } from './training-tests.ts';

describe('trainings of the field on the portable engine', () => testIterationsOn('portable'));
