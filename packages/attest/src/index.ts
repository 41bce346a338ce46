/** The public surface of `@omnipaw/attest`, and nothing else. */
export { attest } from './attest.js';
export type { AttestOptions } from './attestor.js';
export { FileHeadStore } from './file-head-store.js';
export type { HeadStore } from './head-store.js';
export type { LogHead } from './head.js';
export { generateKeyPair, headSigner, type KeyPair } from './keys.js';
export type { HeadSigner } from './note.js';
export { makeReceipt, verifyReceipt, type Receipt, type ReceiptOptions } from './receipt.js';
export { signHead, type SignedHead, type SignOptions } from './sign.js';
export { verifyAttested, type AttestedVerdict, type AttestedVerifyOptions, type HeadStatus, type HeadVerdict } from './verify.js';
