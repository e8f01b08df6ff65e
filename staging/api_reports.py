"""What was spent, and which model people prefer, over HTTP."""

from datetime import date
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Response

from staging.api_problems import Refused
from staging.api_routes import never_kept, problems
from staging.api_shapes import CostRowTold, CostsTold, GroupTold, LeaderboardTold, RatingTold
from staging.errors import BallotsRefused, GroupsNeverMet
from staging.rooms import RoomType

if TYPE_CHECKING:
    from staging.lab import Lab
    from staging.ratings import Ratings
    from staging.store import CostRow

EARLIEST, LATEST = date(2000, 1, 1), date(2999, 12, 31)
MOST_DAYS = 3_660
Day = Annotated[date | None, Query(description=f"From {EARLIEST} to {LATEST}")]
Narrow = Annotated[str | None, Query(max_length=200)]


def report_routes(lab: "Lab") -> APIRouter:
    """Return /reports/costs and /leaderboard."""
    router = APIRouter(tags=["reports"])

    @router.get("/reports/costs", responses=problems())
    def costs(
        response: Response,
        first: Day = None,
        last: Day = None,
        model: Narrow = None,
        project: Narrow = None,
        person: Narrow = None,
    ) -> CostsTold:
        """What was spent from the first day to the last, both counted: by default this month until today."""
        from staging.store import CostFilter

        never_kept(response)
        today = lab.store.costs.today()
        until = last or today
        since = first or until.replace(day=1)
        if not EARLIEST <= since <= until <= LATEST or (until - since).days > MOST_DAYS:
            raise Refused(
                422,
                f"first comes before last, both from {EARLIEST} to {LATEST}, with at most {MOST_DAYS} days between.",
            )
        report = lab.store.costs.report(since, until, CostFilter(model, project, person))
        return CostsTold(
            first=report.first,
            last=report.last,
            time_zone=lab.store.costs.zone,
            total=_row(report.total),
            by_model=[_row(row) for row in report.by_model],
            by_project=[_row(row) for row in report.by_project],
            by_person=[_row(row) for row in report.by_person],
            by_day=[_row(row) for row in report.by_day],
        )

    @router.get("/leaderboard", responses=problems())
    def leaderboard(
        response: Response, room_type: RoomType | None = None, style: Narrow = None, project: Narrow = None
    ) -> LeaderboardTold:
        """Which model people prefer in blind votes, how surely.

        A browser that asks for a page here gets the Leaderboard page instead.
        """
        from staging.ratings import rate
        from staging.store import BallotFilter

        never_kept(response, {"Vary": "Accept"})
        wanted = BallotFilter(room_type=room_type.value if room_type else None, style=style, project=project)
        ballots = lab.store.votes.ballots(wanted)
        try:
            return LeaderboardTold(groups=[_group(rate(ballots))])
        except GroupsNeverMet as apart:
            return LeaderboardTold(groups=[_group(rate(ballots.among(group))) for group in apart.groups])
        except BallotsRefused:  # no votes, or none that was decided
            return LeaderboardTold(groups=[])

    return router


def _row(row: "CostRow") -> CostRowTold:
    return CostRowTold(
        key=row.key,
        predictions=row.predictions,
        accepted=row.accepted,
        rejected=row.rejected,
        failed=row.failed,
        cost_usd=row.cost_usd,
        unknown_charges=row.unknown_charges,
        usd_per_accepted=row.usd_per_accepted,
    )


def _group(ratings: "Ratings") -> GroupTold:
    return GroupTold(
        models=[
            RatingTold(
                model=one.model,
                rating=one.rating,
                low=one.low,
                high=one.high,
                tier=one.tier,
                votes=one.votes,
                rooms=one.rooms,
                raters=one.raters,
            )
            for one in ratings.models
        ]
    )
