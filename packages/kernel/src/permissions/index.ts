export { coveringGrants, escalationIn } from './attenuate.js';
export { evaluate, type Evaluation, type PermissionRequest, type Policy } from './evaluate.js';
export { grantText, parseGrant, toGrants } from './grant.js';
export { approvalTimeoutMs, assertPolicies, PermissionModel } from './model.js';
export { covers, matches } from './pattern.js';
