"""What a job's handler raises to say what becomes of the job.

JobError
├── BadPayload   the payload can never be worked on: straight to the dead letters
├── Later        not now: again after `delay_seconds`, as often as it takes
└── JobTooLong   the handler did not end in time; counts as a failed attempt
UnknownJob (NotFound)   a command named a job that is no dead letter

Anything else a handler raises is a failed attempt, except that an outage (Unavailable, a lost
database) costs no attempt's worth of patience: such a job is tried until the outage is over.
"""

from backend.errors import CaunoiError, NotFound


class JobError(CaunoiError):
    kind = "job"


class BadPayload(JobError):
    kind = "bad-payload"
    en = "The payload of this job names nothing that can be worked on."
    vi = "Dữ liệu của công việc này không hợp lệ."


class Later(JobError):
    kind = "later"

    def __init__(self, delay_seconds: float, why: str) -> None:
        super().__init__(why, why)
        self.delay_seconds = delay_seconds


class JobTooLong(JobError):
    kind = "job-too-long"
    en = "The job did not end in time."
    vi = "Công việc không kết thúc trong thời hạn."


class UnknownJob(NotFound):
    kind = "unknown-job"
    en = "There is no such dead letter."
    vi = "Không có công việc hỏng nào với số này."
