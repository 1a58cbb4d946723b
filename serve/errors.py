"""Errors as the API tells them: a status and `{"error": {"code": ..., "message": ...}}`."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from aztoolkit.errors import AztoolkitError, EvaluationError, PositionError
from serve.schemas import ErrorBody, ErrorDetail

RETRY_AFTER_S = 2


class ApiError(AztoolkitError):
    """A request that cannot be answered."""

    def __init__(
        self, status: HTTPStatus, code: str, message: str, *, retry_after_s: int | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.retry_after_s = status, code, retry_after_s


def not_found(message: str) -> ApiError:
    """Returns the error for a game or an engine that is not there: 404."""
    return ApiError(HTTPStatus.NOT_FOUND, "not_found", message)


def conflict(code: str, message: str) -> ApiError:
    """Returns the error for a request that the game is not in a state for: 409."""
    return ApiError(HTTPStatus.CONFLICT, code, message)


def busy(message: str) -> ApiError:
    """Returns the error for a full queue or table: 503, to be tried again after `RETRY_AFTER_S`."""
    status = HTTPStatus.SERVICE_UNAVAILABLE
    return ApiError(status, "busy", message, retry_after_s=RETRY_AFTER_S)


def code_of(error: AztoolkitError) -> str:
    """Returns the word for programs that an error is told with."""
    if isinstance(error, ApiError):
        return error.code
    return "bad_position" if isinstance(error, PositionError) else "broken_network"


def error_response(
    status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Returns the one body that every error has."""
    body = ErrorBody(error=ErrorDetail(code=code, message=message))
    return JSONResponse(body.model_dump(), status, headers)


def describe_faults(faults: Iterable[Mapping[str, Any]]) -> str:  # Any: pydantic's error details
    """Returns what is wrong with a message, in one line."""
    return "; ".join(_describe(fault) for fault in faults)


def install_error_handlers(app: FastAPI) -> None:
    """Makes every error that leaves a route, or meets none, take that body."""
    app.add_exception_handler(ApiError, _on_api_error)
    app.add_exception_handler(PositionError, _on_position_error)
    app.add_exception_handler(EvaluationError, _on_evaluation_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(Exception, _on_bug)


async def _on_api_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ApiError)
    wait_s = error.retry_after_s
    headers = None if wait_s is None else {"Retry-After": str(wait_s)}
    return error_response(error.status, error.code, str(error), headers=headers)


async def _on_position_error(_request: Request, error: Exception) -> JSONResponse:
    return error_response(HTTPStatus.UNPROCESSABLE_ENTITY, "bad_position", str(error))


async def _on_evaluation_error(_request: Request, error: Exception) -> JSONResponse:
    return error_response(HTTPStatus.INTERNAL_SERVER_ERROR, "broken_network", str(error))


async def _on_invalid_request(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    message = describe_faults(error.errors())
    return error_response(HTTPStatus.UNPROCESSABLE_ENTITY, "bad_request", message)


async def _on_http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = HTTPStatus(error.status_code).name.lower()
    message = f"{error.detail}: {request.method} {request.url.path}"
    return error_response(error.status_code, code, message)


async def _on_bug(_request: Request, _error: Exception) -> JSONResponse:
    message = "the server met a bug; its log has the details"
    return error_response(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", message)


def _describe(fault: Mapping[str, Any]) -> str:  # Any: as above
    if fault["type"] == "json_invalid":
        return f"expected JSON as the body, got: {fault['ctx']['error']}"
    where = ".".join(str(part) for part in fault["loc"] if part != "body") or "body"
    return f"{where}: {fault['msg']}"
