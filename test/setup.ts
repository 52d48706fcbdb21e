/**
 * Runs before every test file: every compilation verifies its graph after each stage, here and in processes that tests
 * start.
 */
import { verifyEverywhere } from '../compiler/passes/verification.ts';

process.env['SPADEWORK_VERIFY'] = '1';
verifyEverywhere(true);
