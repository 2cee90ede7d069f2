export type { Coverage, CoverageReport, FileCoverage, Range } from './coverage.ts';
export { type JsonCases, type JsonTestResult, jsonReport, prettyReport } from './report.ts';
export { type CaseResult, type Outcome, type TestOptions, type TestResult, TestSuite } from './test-suite.ts';
