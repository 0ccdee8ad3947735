import { Controller, Get, Inject } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { asyncApi } from '#contracts/asyncApi';
import type { Config } from '#platform/config';
import { Public } from '#platform/requires';
import { CONFIG } from '#platform/tokens';

@Controller('asyncapi.json')
@Public()
export class AsyncApiController {
  constructor(@Inject(CONFIG) private readonly config: Config) {}

  @Get()
  @ApiOperation({ summary: 'The events on Kafka, as an AsyncAPI 3.0 document' })
  @ApiOkResponse({ description: 'The document.', content: { 'application/json': { schema: { type: 'object' } } } })
  read() {
    return asyncApi(this.config.topic);
  }
}
