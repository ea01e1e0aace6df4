import { VxmigError } from '../model/errors.js';
import type { Conversation } from './connection.js';

const ANSWER_TIMEOUT_MS = 10_000;
/** No answer is nearly as long; a command that prints without end must not take the memory. */
const LONGEST_ANSWER = 2 ** 20;

/** Questions to a running command, one at a time: an answer is what it prints until its mark. */
export class Dialogue {
  #text = '';
  #waiting: Promise<unknown> = Promise.resolve();
  #count = 0;
  #notify: () => void = () => {};
  #over: 'ended' | 'broken' | null = null;

  /** @param ask turns a question and the mark that must follow the answer into what the command reads */
  constructor(
    private readonly host: string,
    private readonly conversation: Conversation,
    private readonly ask: (question: string, mark: string) => string,
  ) {
    conversation.on('text', (text) => {
      if (this.#text.length <= LONGEST_ANSWER) this.#text += text;
      this.#notify();
    });
    void conversation.ended.then(({ exitCode }) => {
      this.#over = exitCode === null ? 'broken' : 'ended';
      this.#notify();
    });
  }

  /**
   * @throws VxmigError COMMAND_FAILED where the command ended, or does not answer in time; SSH_CONNECT where its
   * connection broke
   */
  async question(question: string): Promise<string> {
    const answer = this.#waiting.then(
      () => this.#exchange(question),
      () => this.#exchange(question),
    );
    this.#waiting = answer.catch(() => {});
    return await answer;
  }

  async end(): Promise<void> {
    await this.conversation.end();
  }

  async #exchange(question: string): Promise<string> {
    this.#count += 1;
    const mark = `vxmig-${this.#count}.`;
    this.#text = '';
    this.conversation.say(this.ask(question, mark));
    const timeout = new Promise<'timeout'>((resolve) =>
      setTimeout(() => resolve('timeout'), ANSWER_TIMEOUT_MS).unref(),
    );
    for (;;) {
      const at = this.#text.indexOf(mark);
      if (at >= 0) return this.#text.slice(0, at);
      if (this.#text.length > LONGEST_ANSWER)
        throw new VxmigError('COMMAND_FAILED', `the command on ${this.host} prints without end`, { where: this.host });
      if (this.#over !== null) {
        const code = this.#over === 'broken' ? 'SSH_CONNECT' : 'COMMAND_FAILED';
        throw new VxmigError(code, `the command on ${this.host} ended before it answered`, { where: this.host });
      }
      const news = new Promise<'news'>((resolve) => {
        this.#notify = () => resolve('news');
      });
      if ((await Promise.race([news, timeout])) === 'timeout') {
        throw new VxmigError('COMMAND_FAILED', `no answer on ${this.host} within ${ANSWER_TIMEOUT_MS} ms`, {
          where: this.host,
        });
      }
    }
  }
}
