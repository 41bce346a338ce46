/** Members that work by a plan, and the hub that manages them. */
export { Book, type Assignment, type BookOptions } from './book.js';
export { Crew, restartsExceeded, type CrewOptions } from './crew.js';
export { isOutOfBudget, nextMessage, type Wanted } from './next-message.js';
export { afterFailure, crewOptions, type WorkOptions } from './options.js';
export { endingIn, Staff, type Ending } from './staff.js';
export { COORDINATOR_DEPTH } from './start.js';
export { startedBy, Steward, stewardOf } from './steward.js';
export { workReportIn, type FailedAttempt, type Failure, type Plan, type Report, type Task, type WorkOrder, type WorkReport } from './task.js';
export { timeUp } from './time-up.js';
export { workLoop, type Acts, type WorkInfo } from './work-loop.js';
