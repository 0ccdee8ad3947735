import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { asyncApi } from '#contracts/asyncApi';
import { readyMade, sendDocument } from '#platform/http/readyMade';
import type { Config } from '#platform/service/config';
import { Public } from '#platform/keys/requires';
import { CONFIG } from '#platform/service/tokens';

@Controller('asyncapi.json')
@Public()
export class AsyncApiController {
  readonly #document = readyMade('application/json; charset=utf-8', () => JSON.stringify(asyncApi(this.config.topic)));

  constructor(@Inject(CONFIG) private readonly config: Config) {}

  @Get()
  async read(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await sendDocument(await this.#document(), request, reply);
  }
}
