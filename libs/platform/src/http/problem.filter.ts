import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { sendProblem } from './sendProblem.ts';
import { toProblem } from './toProblem.ts';

/** Answers whatever is thrown while a request is handled with a problem document (RFC 9457), and logs what is our fault. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('Problem');

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const problem = toProblem(error);
    if (problem.status >= 500) {
      const { method, id } = request;
      const line = { request: id, method, path: pathOf(request.url) };
      if (problem.status === 500) this.logger.error({ ...line, err: problem.cause ?? problem }, 'failed');
      // A 503 that was meant (not ready, busy) says all in its detail; a stack belongs to what caused one.
      else this.logger.warn({ ...line, ...(problem.cause !== undefined && { err: problem.cause }) }, problem.detail);
    }
    if (reply.raw.headersSent) {
      // Half an answer is out: the only honest end is one that the client sees as a failure.
      reply.raw.destroy();
      return;
    }
    sendProblem(request, reply, problem);
  }
}

const pathOf = (url: string): string => url.split('?', 1)[0] ?? url;
