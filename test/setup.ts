/**
 * Runs before every file of tests: each compilation verifies its graph after every stage, here and in the processes that tests start.
 */
import { verifyEverywhere } from '../compiler/passes/verification.ts';

process.env['SPADEWORK_VERIFY'] = '1';
verifyEverywhere(true);
