# Two images from one file:
#   docker build --target bot -t sora-bot .    the rooms and the page; no torch in it
#   docker build --target gen -t sora-gen .    a worker; torch brings its own CUDA
#
# Every RUN uses paths below its WORKDIR and needs no root, so that all of it can be tried in a folder,
# without an engine: python -m tests.support.image

FROM python:3.12-slim-bookworm AS source
WORKDIR /studio
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY db db
COPY moderation moderation
COPY bot bot
COPY gen gen

FROM source AS built-bot
RUN python -m venv env && mkdir data
RUN env/bin/python -m pip install --no-cache-dir --disable-pip-version-check -c constraints.txt .

FROM built-bot AS built-gen
RUN env/bin/python -m pip install --no-cache-dir --disable-pip-version-check -c constraints.txt ".[gen]"

# What both have in common: nobody's user, and one folder that may be written to.
FROM python:3.12-slim-bookworm AS runtime
ENV PATH=/studio/env/bin:$PATH \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    SORA_DATA=/data \
    SORA_LOG_FORMAT=json
WORKDIR /tmp
COPY --chown=10001:10001 --from=built-bot /studio/data /data
VOLUME /data
USER 10001:10001

FROM runtime AS gen
COPY --from=built-gen /studio/env /studio/env
ENV SORA_WORKER_METRICS_PORT=9400
HEALTHCHECK --interval=15s --timeout=5s --start-period=120s --retries=4 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:9400/healthz', timeout=4)"]
CMD ["sora", "worker"]

FROM runtime AS bot
COPY --from=built-bot /studio/env /studio/env
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=4 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8040/readyz', timeout=4)"]
CMD ["sora", "bot"]
