"""系统管理员: does the clockwork run? Each finding is a tile with its next step; told by the database, never by a process id."""

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from dashboards.blocks.base import Block
from deadlines import queries
from deadlines.models import Heartbeat
from notices.queries import queue_state

# A message that has waited so long is not on its way any more.
QUEUE_IS_STUCK_AFTER = timedelta(minutes=15)
LEDGER_IS_STALE_AFTER = timedelta(days=2)
RESTART = "请检查后台进程（make run 会一并启动），或在服务器上执行 manage.py sweep_deadlines"


def machine(user) -> Block:
    """Last sweep, queue of messages, failed ones, years of the calendar, the last verification of the ledger."""
    queue, beats = queue_state(), queries.heartbeats()
    tiles = [_sweep(beats.get("sweep")), _queue(queue), _failed(queue), _calendar(), _ledger(beats.get("ledger"))]
    return Block("machine", sum(tile["kind"] == "overdue" for tile in tiles), {"tiles": tiles})


def _tile(label: str, value, *, unit: str = "", kind: str = "signed", note: str = "", url: str = "") -> dict:
    return {"label": label, "value": value, "unit": unit, "kind": kind, "note": note, "url": url}


def _ago(moment) -> tuple[int, str]:
    """(figure, unit) of how long ago: minutes, from two hours on hours, from two days on days."""
    minutes = int((timezone.now() - moment).total_seconds() // 60)
    if minutes < 120:
        return minutes, "分钟前"
    return (minutes // 60, "小时前") if minutes < 2880 else (minutes // 1440, "天前")


def _sweep(last: Heartbeat | None) -> dict:
    if last is None or last.finished_at is None:
        return _tile("最近一次时限扫描", "从未", kind="overdue", note=f"提醒没有发出。{RESTART}。")
    value, unit = _ago(last.finished_at)
    if queries.is_late(last):
        reason = f"最近出错：{last.error.splitlines()[0][:80]}。" if last.error else ""
        return _tile("最近一次时限扫描", value, unit=unit, kind="overdue", note=f"已超过 15 分钟。{reason}{RESTART}。")
    return _tile("最近一次时限扫描", value, unit=unit, note="正常，提醒按时发出")


def _queue(queue: dict) -> dict:
    oldest = queue["oldest_at"]
    is_stuck = oldest is not None and timezone.now() - oldest > QUEUE_IS_STUCK_AFTER
    note = (
        f"最早一条已等候 {''.join(map(str, _ago(oldest))).removesuffix('前')}，请检查网络与发送设置"
        if is_stuck
        else "站外消息按序发送"
    )
    return _tile("待发送消息", queue["pending"], unit="条", kind="returned" if is_stuck else "signed", note=note)


def _failed(queue: dict) -> dict:
    url = reverse("notices:undeliverable")
    if queue["failed"]:
        note = "查看原因，改正后重新发送"
        return _tile("未送达消息", queue["failed"], unit="条", kind="overdue", note=note, url=url)
    return _tile("未送达消息", 0, unit="条", note="没有需要处理的消息", url=url)


def _calendar() -> dict:
    url, missing = reverse("deadlines:calendar"), queries.missing_years()
    if missing:
        years = "、".join(str(year) for year in missing)
        note = "暂按周一至周五计算，请通知质量办导入或逐日设置"
        return _tile("缺少工作日历", years, unit="年", kind="returned", note=note, url=url)
    return _tile("工作日历", max(queries.known_years()), unit="年止", note="年份齐全", url=url)


def _ledger(last: Heartbeat | None) -> dict:
    if last is None or last.finished_at is None:
        return _tile("证据链核验", "尚未核验", kind="returned", note="后台进程每日凌晨自动核验并导出链头")
    value, unit = _ago(last.finished_at)
    if problems := last.done.get("problems"):
        return _tile(
            "证据链核验", len(problems), unit="处异常", kind="overdue", note=f"{problems[0]}。请立即通知审计员"
        )
    if timezone.now() - last.finished_at > LEDGER_IS_STALE_AFTER:
        return _tile("证据链核验", value, unit=unit, kind="returned", note="自动核验已停止，请检查后台进程")
    return _tile("证据链核验", value, unit=unit, note=f"完整，共 {last.done.get('entries', 0)} 行")
