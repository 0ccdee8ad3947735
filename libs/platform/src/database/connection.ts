import pg from 'pg';

type Done = (error: Error | undefined, result?: unknown) => void;

/** A statement with its own patience, as pg takes it beside its text. */
type Asked = string | (pg.QueryConfig & { readonly query_timeout?: number });

/** What pg sends, and tells of the answer. COPY is one of ours. */
interface Sent extends pg.Submittable {
  callback: Done;
}

/**
 * A connection that keeps nothing of a statement once it is answered.
 *
 * V8 puts a function that is written as `object.property = () => …` among the old objects at once, and whatever a dead old object
 * names stays until the next full collection. pg writes two such functions for each statement, and the answer, the rows and the whole
 * request hang on them: each of the next collections copied them, 10 to 20 ms a few times a second. So here they are arguments.
 */
export class Connection extends pg.Client {
  /**
   * @param config what pg takes, without its `query_timeout`
   * @param patience for an answer, in milliseconds; 0: for ever. A statement may have another, as its `query_timeout`. An error with the
   * words of pg's own follows, and the connection is cut: what comes of it later would be taken for the answer to the next.
   */
  constructor(
    config: pg.ClientConfig | undefined,
    private readonly patience: number,
  ) {
    super(config);
  }

  /** All that pg's own takes, and answers what it does: never is what fits all of its signatures. */
  override query(...asked: never[]): never {
    return this.#query(...(asked as unknown as [Asked | Sent, ...unknown[]])) as never;
  }

  #query(asked: Asked | Sent, ...rest: unknown[]): unknown {
    if (typeof asked === 'object' && 'submit' in asked) {
      this.#send(asked, asked.callback);
      return asked;
    }
    const values = rest.find((one) => Array.isArray(one)) as unknown[] | undefined;
    const sent = new pg.Query(asked, values) as pg.Query & Sent;
    const patience = typeof asked === 'object' ? asked.query_timeout : undefined;
    const callback = rest.find((one) => typeof one === 'function') as Done | undefined;
    if (callback !== undefined) {
      this.#send(sent, callback, patience);
      return undefined;
    }
    return new Promise((resolve, reject) => {
      const settle: Done = (error, result) => {
        if (error == null) resolve(result);
        else reject(error);
      };
      this.#send(sent, settle, patience);
    }).catch(asOfCaller);
  }

  #send(sent: Sent, callback: Done, patience = this.patience): void {
    let isOpen = true;
    const done: Done = (error, result) => {
      if (!isOpen) return;
      isOpen = false;
      clearTimeout(timer);
      callback(error, result);
    };
    const giveUp = (): void => {
      done(new Error('Query read timeout'));
      this.connection.stream.destroy();
    };
    const timer = patience > 0 ? setTimeout(giveUp, patience) : undefined;
    sent.callback = done;
    super.query(sent);
  }
}

/** An error of the server knows where it was read. Its stack is to say who asked. */
function asOfCaller(error: Error): never {
  Error.captureStackTrace(error);
  throw error;
}
