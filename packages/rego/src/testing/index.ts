export {
  Coverage,
  type CoverageCounts,
  type CoverageReport,
  type CoveredModule,
  type FileCoverage,
  type Range,
} from './coverage.ts';
export { goDuration, type JsonCases, type JsonTestResult, jsonReport, prettyReport } from './report.ts';
export { type CaseResult, type Outcome, type TestOptions, type TestResult, TestSuite } from './test-suite.ts';
