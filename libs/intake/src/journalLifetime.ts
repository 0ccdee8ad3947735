import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Journal } from '#journal/journal';

/** Closes the journal when the process has stopped taking requests, and before its connections go: nobody stays unanswered. */
@Injectable()
export class JournalLifetime implements OnApplicationShutdown {
  constructor(private readonly journal: Journal) {}

  async onApplicationShutdown(): Promise<void> {
    await this.journal.close();
  }
}
