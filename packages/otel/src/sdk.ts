export { TelemetryProvider, type TelemetryOptions } from './sdk/provider.js';
