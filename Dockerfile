# How to use it: docs/deployment.md, Containers.

# Node fetches the browser packages, and is needed for nothing else.
FROM node:20-bookworm-slim AS browser
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund

FROM python:3.11-slim-bookworm AS build
WORKDIR /app
COPY requirements.txt ./
RUN python -m venv /opt/venv
RUN /opt/venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check -r requirements.txt

FROM python:3.11-slim-bookworm
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 DATA_DIR=/var/lib/examplechannels
WORKDIR /app
# The group is nginx's too: it connects to the workers' sockets and reads static files and media.
RUN useradd --system --uid 10001 --gid www-data --home-dir /app --shell /usr/sbin/nologin examplechannels \
    && install -d -o examplechannels -g www-data -m 750 /var/lib/examplechannels /run/examplechannels
COPY --from=build /opt/venv /opt/venv
COPY --from=browser /app/node_modules node_modules
COPY . .
RUN python -m compileall -q -x node_modules .
USER examplechannels
VOLUME /var/lib/examplechannels
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["python", "deploy/ready.py", "127.0.0.1:8000"]
# Sockets are closed one after the other within 15 s: `docker stop --time 20`.
STOPSIGNAL SIGTERM
CMD ["python", "manage.py", "serve", "--host", "0.0.0.0", "--port", "8000"]
