export {
  COVERAGE_KINDS,
  Coverage,
  type CoverageCounts,
  type CoverageKind,
  type CoverageReport,
  type CoveredModule,
  type FileCoverage,
  type Range,
} from './coverage.ts';
export {
  goDuration,
  type JsonCases,
  type JsonTestResult,
  jsonReport,
  prettyLines,
  prettyReport,
  type ReportOptions,
} from './report.ts';
export {
  type CaseResult,
  type Outcome,
  type PreparedTest,
  type SuiteOptions,
  type TestOptions,
  type TestResult,
  TestSuite,
  type Verdict,
} from './test-suite.ts';
