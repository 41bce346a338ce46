export { Attestor, type AttestOptions } from './attestor.js';
export type { HeadStore } from './head-store.js';
export { originOfLog, parseHead, type LogHead } from './head.js';
export type { HeadSigner, HeadVerifier } from './note.js';
export { makeReceipt, verifyReceipt, type Receipt } from './receipt.js';
export { signHead, type SignedHead, type SignOptions } from './sign.js';
export { verifyAttested, type AttestedVerdict, type AttestedVerifyOptions, type HeadStatus, type HeadVerdict } from './verify.js';
