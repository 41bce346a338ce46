import { describeThrown, OmniError, toJson, type AgentContext, type Json } from '@omnipaw/kernel';
import { channelOf } from '../names.js';
import { deliver, unwrap } from '../remote/index.js';
import type { Post, Steps } from '../strategy.js';
import type { Report, WorkOrder, WorkReport } from './task.js';

/** What somebody at work knows of it. */
export interface WorkInfo {
  /** The same for every attempt at this piece of work: for what must not be done twice. */
  readonly key: string;
  readonly swarm: string;
  /** The seat of who does it. */
  readonly slot: string;
}

/** What members can do, by name. */
export type Acts = Readonly<Record<string, (ctx: AgentContext, input: Json, info: WorkInfo) => Steps<unknown>>>;

type Doing = Pick<WorkOrder, 'tasks'>['tasks'][number];

const FIRST_WAIT_MS = 10;
const LONGEST_WAIT_MS = 10_000;

/** A member of a crew: does what it is told, says what became of it, and so asks for more, until its coordinator ends. */
export function* workLoop(ctx: AgentContext, post: Post, acts: Acts): Steps<never> {
  const channel = channelOf(post.swarm, 'work');
  for (;;) {
    const { from, body } = unwrap(yield* ctx.receive<WorkOrder>({ channel }));
    // Read and dropped, so that it takes no room.
    if (from !== post.hub) continue;
    const reports: Report[] = [];
    for (const task of body.tasks) reports.push(yield* perform(ctx, { post, task, act: acts[task.act] }));
    yield* handIn(ctx, post.hub, { channel, reports });
  }
}

interface Piece {
  readonly post: Post;
  readonly task: Doing;
  readonly act: Acts[string] | undefined;
}

function* perform(ctx: AgentContext, { post: { swarm, slot }, task: { id, input, act: name }, act }: Piece): Steps<Report> {
  try {
    if (act === undefined) throw new OmniError('PROGRAM_FAILED', `There is nothing called "${name}" that a member of this swarm can do.`);
    const value = yield* act(ctx, input, { key: `${swarm}/${id}`, swarm, slot });
    return { task: id, ok: true, value: value === undefined ? null : toJson(value) };
  } catch (thrown) {
    return { task: id, ok: false, error: { code: thrown instanceof OmniError ? thrown.code : 'PROGRAM_FAILED', message: describeThrown(thrown) } };
  }
}

interface Packet {
  readonly channel: string;
  readonly reports: readonly Report[];
}

/** Waits as long as its coordinator has no room for it, or its kernel is not there; what is too large for a message is reported as a failure. */
function* handIn(ctx: AgentContext, hub: string, { channel, reports }: Packet): Steps<void> {
  let body: WorkReport = { kind: 'done', reports };
  for (let waitMs = FIRST_WAIT_MS; ;) {
    try {
      yield* deliver(ctx, { to: hub, channel, body });
      return;
    } catch (error) {
      const { code, message } = error as OmniError;
      if (code === 'MAILBOX_FULL' || code === 'NODE_UNREACHABLE') {
        yield* ctx.sleep(waitMs);
        waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
      } else if (code === 'VALUE_TOO_LARGE' && body.reports.some(({ ok }) => ok)) {
        body = { kind: 'done', reports: withoutLargest(body.reports, message) };
      } else throw error;
    }
  }
}

function withoutLargest(reports: readonly Report[], message: string): readonly Report[] {
  const sizes = reports.map((report) => (report.ok ? JSON.stringify(report.value).length : -1));
  const largest = sizes.indexOf(Math.max(...sizes));
  return reports.map((report, index) => (index === largest ? { task: report.task, ok: false, error: { code: 'VALUE_TOO_LARGE', message } } : report));
}
