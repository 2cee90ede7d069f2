import { baseCases } from './base-cases.ts';
import type { DemoCase } from './case.ts';
import { keyCases } from './key-cases.ts';
import { keylessCases } from './keyless-cases.ts';

export const cases: readonly DemoCase[] = [...keyCases, ...keylessCases, ...baseCases];
