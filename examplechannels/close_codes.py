"""Why a WebSocket is closed, as its page is told (docs/protocol.md)."""

SERVICE_RESTART = 1012
TRY_LATER = 1013
LOG_IN = 4401
NOT_A_MEMBER = 4403
TOO_SLOW = 4408
TOO_MANY = 4429
