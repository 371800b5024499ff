"""A stage that runs on another machine: what is sent there, what works there, what comes back.

    send: source + artifacts -> blobs by digest, a job by digest -> [container: agent] -> ending -> receive

`agent` is the only part that runs there. Hosts (docker, fargate) start it and read how it ended.
"""
