"""Reads {"text" | "day" | "moment": …} a line, and prints what it read: see readers.ts."""
import calendar
import datetime
import json
import sys

for line in sys.stdin.buffer:
    one = json.loads(line)
    if "text" in one:
        print(one["text"].encode("utf-8").hex())
    elif "day" in one:
        print(datetime.date.fromisoformat(one["day"]).toordinal() - datetime.date(1970, 1, 1).toordinal())
    else:
        at = datetime.datetime.fromisoformat(one["moment"]).astimezone(datetime.timezone.utc)
        # Python holds microseconds, and leaves out what is beyond them.
        print(calendar.timegm(at.timetuple()), at.microsecond * 1000)
