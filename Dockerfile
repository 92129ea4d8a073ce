# Crawls again and again into the volume /archive; `docker run … IMAGE serve --host 0.0.0.0` shows the same volume.
#
#   docker build -t dateline .
#   docker run -d --name dateline -v news:/archive -e DATELINE_CONTACT=desk@courier.example dateline
#   docker exec dateline dateline outlet add harbour.example
FROM python:3.11.14-slim-trixie

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1

WORKDIR /usr/src/dateline

# What it needs first, with the extras for alerts, passwords and clusters: that layer stays while only the program changes.
COPY requirements-image.txt ./
RUN python -m pip install --require-hashes -r requirements-image.txt

# Built with the setuptools that requirements-image.txt pins, so that nothing without a hash comes in.
COPY pyproject.toml README.md LICENSE ./
COPY archive/ archive/
COPY pipelines/ pipelines/
COPY crawler/ crawler/
RUN python -m pip install --no-deps --no-build-isolation .

RUN useradd --uid 10001 --create-home dateline \
 && mkdir /archive && chown dateline:dateline /archive
USER 10001:10001
WORKDIR /archive
VOLUME /archive
ENV DATELINE_ARCHIVE=/archive

HEALTHCHECK --interval=5m --timeout=30s --start-period=15m --retries=2 CMD ["dateline", "status", "--check"]

ENTRYPOINT ["dateline"]
CMD ["watch"]
