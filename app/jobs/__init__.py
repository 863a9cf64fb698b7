"""What the queue runs. `queue.enqueue` puts a job in, `tasks` says what each does, `worker` is the process."""
